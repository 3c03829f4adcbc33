package fitout_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// The number of replicas that an autoscaler sets is left to it and told, run after run; what a person has set is a conflict.
func TestScaled(t *testing.T) {
	id := manifest.ID{Group: "apps", Kind: "Deployment", Namespace: "kube-system", Name: "coredns"}
	m, p := newMemory(), planFor(t, "cni: flannel\ncsi: none\n")
	if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	replicas := func() string { return fmt.Sprint(m.objects[id].Object["spec"].(map[string]any)["replicas"]) }
	m.edit(id, "kube-controller-manager", "spec|replicas", int64(5))
	writes := -1
	for range 2 { // the first run leaves the field to the autoscaler, the next has nothing to do
		if writes = m.writes; replicas() != "5" {
			t.Fatalf("%s replicas", replicas())
		}
		if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	if replicas() != "5" || m.writes != writes {
		t.Errorf("%s replicas after %d writes", replicas(), m.writes-writes)
	}
	r, err := fitout.Check(t.Context(), m, p, fitout.CheckOptions{Timing: fitout.Timing{Timeout: fitout.DefaultTiming.Timeout}}, fitout.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range r.Checks {
		if strings.Contains(row.Detail, "replicas is") {
			t.Errorf("%s: %s", row.Name(), row.Detail)
		}
	}
	if _, err := apply(m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: changeset.Policies{"coredns": changeset.TakeOver}}}); err != nil || replicas() != "1" {
		t.Errorf("taken over: %s replicas, error %v", replicas(), err)
	}
	m.edit(id, "kubectl", "spec|replicas", int64(5))
	if _, err := apply(m, p, fitout.ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "spec.replicas is 5, set by kubectl") {
		t.Errorf("set by a person: %v", err)
	}
}
