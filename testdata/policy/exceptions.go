package main

import (
	"bytes"
	_ "embed" // the exceptions
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

//go:embed exceptions.yaml
var exceptionsFile []byte

// The rules that a finding can be about.
const (
	podSecurityRule = "pod security"
	seccompRule     = "seccomp"
	tokenRule       = "tokens"
	rbacRule        = "RBAC"
	imageRule       = "images"
	scoreRule       = "kube-score"
)

// A finding is one problem of one object, or of one image.
type finding struct{ rule, object, problem string }

func (f finding) String() string { return f.rule + ": " + f.object + ": " + f.problem }

// exceptions are what may break the rules, and why.
type exceptions struct {
	APIVersion  string      `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind        string      `json:"kind" required:"true" enum:"PolicyExceptions" doc:"kind of this file"`
	PodSecurity []exception `json:"podSecurity" doc:"objects whose pods do not meet the restricted level"`
	Seccomp     []exception `json:"seccomp" doc:"pods with a container outside the runtime's seccomp profile, of any bundle"`
	Tokens      []exception `json:"tokens" doc:"pods that mount a token of an account without permissions, of any bundle"`
	RBAC        []exception `json:"rbac" doc:"roles and bindings that give too much"`
	Images      []exception `json:"images" doc:"image repositories"`
	KubeScore   struct {
		Ignored []ignored   `json:"ignored" doc:"tests that make no sense for the addons of a cluster"`
		Objects []exception `json:"objects" doc:"objects that fail a test; the problems are the tests"`
	} `json:"kubeScore" doc:"what kube-score finds"`
}

type exception struct {
	Objects  []string `json:"objects" required:"true" doc:"objects (DaemonSet kube-system/cilium), or images without digest"`
	Level    string   `json:"level" enum:"privileged,baseline" doc:"of pods: the level that they do meet"`
	Problems []string `json:"problems" required:"true" doc:"exactly what is found"`
	Reason   string   `json:"reason" required:"true" doc:"why it has to be so"`
}

type ignored struct {
	Test   string `json:"test" required:"true" doc:"kube-score's name of the test"`
	Reason string `json:"reason" required:"true" doc:"why its findings do not count"`
}

func readExceptions(text []byte) (*exceptions, error) {
	var e exceptions
	if _, err := strictyaml.Read("exceptions.yaml", bytes.NewReader(text), &e); err != nil {
		return nil, err
	}
	return &e, nil
}

// ruleExceptions is what may break one rule.
type ruleExceptions struct {
	rule string
	list []exception
}

func (e *exceptions) byRule() []ruleExceptions {
	return []ruleExceptions{{podSecurityRule, e.PodSecurity}, {seccompRule, e.Seccomp}, {tokenRule, e.Tokens}, {rbacRule, e.RBAC}, {imageRule, e.Images}, {scoreRule, e.KubeScore.Objects}}
}

// findings are what an exception excepts, with the level of pods as one of their problems.
func (x exception) findings(rule string) []finding {
	problems := x.Problems
	if rule == podSecurityRule {
		problems = append([]string{meets(x.Level)}, problems...)
	}
	var all []finding
	for _, object := range x.Objects {
		for _, problem := range problems {
			all = append(all, finding{rule, object, problem})
		}
	}
	return all
}

// all returns every finding that is excepted.
func (e *exceptions) all() []finding {
	var all []finding
	for _, r := range e.byRule() {
		for _, x := range r.list {
			all = append(all, x.findings(r.rule)...)
		}
	}
	return all
}

// compare returns an error for each finding that is not excepted, and for each exception of which there is no finding.
func compare(found []finding, e *exceptions) []error {
	ignored := map[string]bool{} // test -> whether it found something
	for _, i := range e.KubeScore.Ignored {
		ignored[i.Test] = false
	}
	excepted, seen := e.all(), map[finding]bool{}
	var problems []error
	for _, f := range found {
		_, isIgnored := ignored[f.problem]
		switch {
		case f.rule == scoreRule && isIgnored:
			ignored[f.problem] = true
		case !seen[f] && !slices.Contains(excepted, f):
			problems = append(problems, fmt.Errorf("%s; mend the chart, or list it in testdata/policy/exceptions.yaml with the reason", f))
		}
		seen[f] = true
	}
	for _, x := range excepted {
		if !seen[x] {
			problems = append(problems, fmt.Errorf("%s: is listed in testdata/policy/exceptions.yaml and does not occur; remove it there", x))
		}
	}
	for test, occurs := range ignored {
		if !occurs {
			problems = append(problems, fmt.Errorf("%s: the ignored test %s finds nothing; remove it from testdata/policy/exceptions.yaml", scoreRule, test))
		}
	}
	slices.SortFunc(problems, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return problems
}
