package check_test

import (
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// What a gate waits for is what the check finds unmet.
func TestGateAgreesWithJudge(t *testing.T) {
	all := judgetest.Cases(t)
	all["all is well"] = judgetest.Case{}
	for name, c := range all {
		addons, s := judgetest.Observe(t, c)
		for _, a := range addons {
			var judged []check.Row
			for _, r := range check.Judge(addons, s) {
				if r.Addon == a.Name && (r.Check == check.Present || r.Check == check.Ready || r.Check == check.API) {
					judged = append(judged, r)
				}
			}
			gate := check.Gate(a.Objects, s)
			if got, want := check.Overall(gate), check.Overall(judged); got != want {
				t.Errorf("%s: addon %s: the gate says %s, the check %s:\n%v", name, a.Name, got, want, judgetest.Lines(gate))
			}
		}
	}
}

// A gate has something to say of the kinds that are gated, and of no others.
func TestGated(t *testing.T) {
	for kind := range manifest.KindsOf(nil) {
		o := &manifest.Object{}
		o.SetGroupVersionKind(kind.WithVersion("v1"))
		o.SetName("x")
		objects := []*manifest.Object{o}
		s := observed.Snapshot{Objects: map[manifest.ID]*manifest.Object{manifest.IDOf(o): o}, Nodes: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n"}}}}
		waits := check.Overall(check.Gate(objects, s)) != check.Good
		if kind.Kind == "Namespace" {
			waits = true // it is ready unless it is being deleted
		}
		if gated := check.Gated(objects); gated != waits {
			t.Errorf("%s: gated is %t, but the gate waits: %t", kind, gated, waits)
		}
	}
	if check.Gated(nil) {
		t.Error("nothing is gated")
	}
}

// Kinds of which the world has none.
func TestGate(t *testing.T) {
	pod := `{apiVersion: v1, kind: Pod, metadata: {name: x, namespace: a}, spec: {nodeName: lost}, status: {phase: Running, conditions: [{type: Ready, status: "`
	replicas := `{apiVersion: apps/v1, kind: ReplicaSet, metadata: {name: x, namespace: a}, spec: {replicas: 2}, status: {replicas: 2, fullyLabeledReplicas: 2, availableReplicas: 2, readyReplicas: `
	nodes := []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n"}}}
	for name, test := range map[string]struct {
		live  string
		nodes []corev1.Node
		want  []string
	}{
		"a pod is ready":               {pod + `True"}]}}`, nodes, []string{"ready good Pod a/x is ready"}},
		"a pod is not ready":           {pod + `False"}]}}`, nodes, []string{"ready failed Pod a/x is on node lost, which is gone; delete the pod"}},
		"a pod waits for nodes":        {pod + `False"}]}}`, nil, []string{"ready pending Pod a/x waits for nodes"}},
		"a ReplicaSet is ready":        {replicas + `2}}`, nodes, []string{"ready good ReplicaSet a/x 2/2"}},
		"a ReplicaSet is not ready":    {replicas + `1}}`, nodes, []string{"ready degraded ReplicaSet a/x 1/2, Ready: 1/2; kubectl describe -n a replicaset x"}},
		"a ReplicaSet waits for nodes": {replicas + `2}}`, nil, []string{"ready pending ReplicaSet a/x waits for nodes"}},
		"a ConfigMap is there":         {`{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: a}}`, nodes, nil},
		"a ConfigMap is being deleted": {`{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: a, deletionTimestamp: "2026-01-01T00:00:00Z"}}`, nodes,
			[]string{"ready failed ConfigMap a/x is being deleted; wait until it is gone, then run fitout apply"}},
		"what ends is not pending": {`{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: x, namespace: a, deletionTimestamp: "2026-01-01T00:00:00Z"}}`, nil,
			[]string{"ready failed DaemonSet a/x is being deleted; wait until it is gone, then run fitout apply"}},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("live", []byte(test.live))
			if err != nil {
				t.Fatal(err)
			}
			s := observed.Snapshot{Nodes: test.nodes, Objects: map[manifest.ID]*manifest.Object{manifest.IDOf(objects[0]): objects[0]}}
			if diff := cmp.Diff(test.want, judgetest.Lines(check.Gate(objects, s))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestGateMissing(t *testing.T) {
	objects, err := manifest.Parse("rendered", []byte(`{apiVersion: v1, kind: ConfigMap, metadata: {name: x, namespace: a}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"ready failed ConfigMap a/x is missing; run fitout apply"}
	if diff := cmp.Diff(want, judgetest.Lines(check.Gate(objects, observed.Snapshot{}))); diff != "" {
		t.Error(diff)
	}
}
