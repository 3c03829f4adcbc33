package diagnose_test

import (
	"math/rand/v2"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// Nodes and pods may be observed in any order: each case is judged and explained alike.
func TestOrder(t *testing.T) {
	for name, c := range judgetest.Cases(t) {
		addons, s := judgetest.Observe(t, c)
		rows := diagnose.Rows(s, check.Judge(addons, s))
		for seed := range uint64(2) {
			r := rand.New(rand.NewPCG(seed, 1))
			r.Shuffle(len(s.Nodes), func(i, j int) { s.Nodes[i], s.Nodes[j] = s.Nodes[j], s.Nodes[i] })
			r.Shuffle(len(s.Pods), func(i, j int) { s.Pods[i], s.Pods[j] = s.Pods[j], s.Pods[i] })
			again := diagnose.Rows(s, check.Judge(addons, s))
			if diff := cmp.Diff(judgetest.Lines(rows), judgetest.Lines(again)); diff != "" {
				t.Errorf("%s, in another order: %s", name, diff)
			}
			for i := range rows {
				if diff := cmp.Diff(rows[i].Digest, again[i].Digest); diff != "" {
					t.Errorf("%s, %s in another order: %s", name, rows[i].Name(), diff)
				}
			}
		}
	}
}

// What has no name is not there: it neither counts as a node nor as a pod.
func TestNameless(t *testing.T) {
	addons, s := judgetest.Observe(t, judgetest.Case{})
	want := judgetest.Lines(check.Judge(addons, s))
	s.Nodes = append([]corev1.Node{{}, {}}, s.Nodes...)
	s.Pods = append([]corev1.Pod{{}, {}}, s.Pods...)
	if diff := cmp.Diff(want, judgetest.Lines(check.Judge(addons, s))); diff != "" {
		t.Error(diff)
	}
	s.Nodes = make([]corev1.Node, 2)
	if row := check.Judge(addons, s)[0]; row.Verdict != check.Pending || row.Detail != "no node has joined yet" {
		t.Errorf("%+v", row)
	}
	survey := probes.Survey{Snapshot: s, Environment: probes.Environment{Pods: make([]corev1.Pod, 2)}}
	if row := survey.JudgePods(true); row.Verdict != check.Pending {
		t.Errorf("%+v", row)
	}
	if rows := probes.Plan(addons, survey).Judge(probes.Results{}); len(check.Unmet(rows)) > 0 {
		t.Errorf("%+v", rows)
	}
}
