package changeset_test

import (
	"fmt"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

func TestRollout(t *testing.T) {
	const pod = "template: {spec: {terminationGracePeriodSeconds: 5, containers: [{readinessProbe: {initialDelaySeconds: 3}}, {}]}}"
	for name, c := range map[string]struct {
		kind, spec string
		pods       int64
		effect     changeset.Effect
		want       string
	}{
		"a DaemonSet":                  {"DaemonSet", pod, 12, changeset.Restart, "12 pods, 1 at once, 12 rounds of 4+5 s, gap true"},
		"of unknown size":              {"DaemonSet", pod, 0, changeset.Restart, "0 pods, 1 at once, 0 rounds of 4+5 s, gap true"},
		"a percentage, rounded up":     {"DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: 10%}}", 12, changeset.Restart, "12 pods, 2 at once, 6 rounds of 1+30 s, gap true"},
		"new pods first":               {"DaemonSet", "updateStrategy: {rollingUpdate: {maxSurge: 3, maxUnavailable: 0}}", 12, changeset.Restart, "12 pods, 3 at once, 4 rounds of 1+30 s, gap false"},
		"a Deployment":                 {"Deployment", "minReadySeconds: 10", 4, changeset.Restart, "4 pods, 2 at once, 2 rounds of 11+30 s, gap false"},
		"one new pod first":            {"Deployment", "strategy: {rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}", 2, changeset.Restart, "2 pods, 1 at once, 2 rounds of 1+30 s, gap false"},
		"all at once":                  {"Deployment", "strategy: {type: Recreate}", 2, changeset.Restart, "2 pods, 0 at once, 1 rounds of 1+30 s, gap true"},
		"a StatefulSet":                {"StatefulSet", "replicas: 3", 3, changeset.Restart, "3 pods, 1 at once, 3 rounds of 1+30 s, gap true"},
		"recreated":                    {"DaemonSet", pod, 12, changeset.Absence, "12 pods, 0 at once, 1 rounds of 4+5 s, gap true"},
		"a percentage that is a word":  {"DaemonSet", "updateStrategy: {rollingUpdate: {maxUnavailable: some}}", 2, changeset.Restart, "2 pods, 1 at once, 2 rounds of 1+30 s, gap true"},
		"configured without a restart": {"DaemonSet", pod, 12, changeset.Configuration, "none"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("test", fmt.Appendf(nil, "{apiVersion: apps/v1, kind: %s, metadata: {name: a}, spec: {%s}}", c.kind, c.spec))
			if err != nil {
				t.Fatal(err)
			}
			o := objects[0]
			change := changeset.Change{ID: manifest.IDOf(o), Effect: c.effect, Wanted: o}
			change.Pods = []changeset.Pods{{Workload: change.ID, Count: c.pods, Reaction: changeset.Restarts}}
			got := "none"
			if r, ok := change.Rollout(); ok {
				got = fmt.Sprintf("%d pods, %d at once, %d rounds of %d+%d s, gap %v", r.Pods, r.AtOnce, r.Rounds, r.RoundSeconds, r.GraceSeconds, r.Gap)
			}
			if got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// A quantity that takes hours is not computed to tell how long pods take to be replaced: who would wait for that?
func TestRolloutIsBounded(t *testing.T) {
	wanted, err := manifest.Parse("wanted", []byte(`apiVersion: apps/v1
kind: DaemonSet
metadata: {name: a, namespace: x}
spec:
  minReadySeconds: 4
  template:
    spec:
      terminationGracePeriodSeconds: 7
      containers: [{name: c, image: i, resources: {requests: {cpu: "1E-99999999"}}}]
`))
	if err != nil {
		t.Fatal(err)
	}
	c := changeset.Change{ID: manifest.IDOf(wanted[0]), Wanted: wanted[0], Effect: changeset.Restart}
	c.Pods = []changeset.Pods{{Workload: c.ID, Count: 3, Reaction: changeset.Restarts}}
	r, replaced := c.Rollout()
	if !replaced || r.LeastSeconds() != 15 || r.GraceSeconds != 30 {
		t.Errorf("%+v", r)
	}
}
