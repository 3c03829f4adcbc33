package main

import (
	"fmt"

	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podSecurity judges pods by the restricted level, in the form that it has in a Kubernetes minor. A pod that does not meet
// it is one finding for the level that it does meet, and one for each reason.
func podSecurity(minor string, pods []pod) ([]finding, error) {
	version, err := api.ParseVersion("v" + minor)
	if err != nil {
		return nil, err
	}
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	var found []finding
	for _, p := range pods {
		reasons := func(level api.Level) []string {
			results := checks.EvaluatePod(api.LevelVersion{Level: level, Version: version}, &p.meta, &p.spec)
			return policy.AggregateCheckResults(results).ForbiddenReasons
		}
		broken := reasons(api.LevelRestricted)
		if len(broken) == 0 {
			continue
		}
		level := api.LevelBaseline
		if len(reasons(api.LevelBaseline)) > 0 {
			level = api.LevelPrivileged
		}
		found = append(found, finding{podSecurityRule, p.owner, meets(string(level))})
		for _, reason := range broken {
			found = append(found, finding{podSecurityRule, p.owner, reason})
		}
	}
	return found, nil
}

// meets is the problem of a pod that meets no level above this one.
func meets(level string) string { return fmt.Sprintf("meets %s", level) }
