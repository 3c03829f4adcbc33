package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// rbac judges roles and their bindings: no wildcard, no verb by which an account gets more than it has, and nobody is
// cluster-admin.
func rbac(objects []*manifest.Object) ([]finding, error) {
	var found []finding
	for _, o := range objects {
		id := manifest.IDOf(o)
		if id.Group != rbacv1.GroupName {
			continue
		}
		var role struct {
			Rules   []rbacv1.PolicyRule `json:"rules"`
			RoleRef rbacv1.RoleRef      `json:"roleRef"`
		}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
			return nil, fmt.Errorf("%s: its rules cannot be read: %w; mend the chart", id, err)
		}
		var problems []string
		for _, rule := range role.Rules {
			problems = append(problems, judgeRule(rule)...)
		}
		if role.RoleRef.Name == "cluster-admin" {
			problems = append(problems, "binds cluster-admin")
		}
		for _, problem := range problems {
			found = append(found, finding{rbacRule, id.String(), problem})
		}
	}
	return found, nil
}

func judgeRule(rule rbacv1.PolicyRule) []string {
	var problems []string
	for _, part := range []struct {
		name string
		list []string
	}{{"verbs", rule.Verbs}, {"resources", rule.Resources}, {"API groups", rule.APIGroups}, {"URLs", rule.NonResourceURLs}} {
		if slices.ContainsFunc(part.list, func(s string) bool { return strings.Contains(s, "*") }) {
			problems = append(problems, "wildcard in "+part.name)
		}
	}
	for _, verb := range []string{"escalate", "bind", "impersonate"} {
		if slices.Contains(rule.Verbs, verb) {
			problems = append(problems, "verb "+verb)
		}
	}
	return problems
}
