package bigcluster_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/cputime"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// probed is a big cluster with the two probe pods on each of its nodes.
func probed(tb testing.TB, nodes int) (*fitout.Plan, probes.Survey) {
	tb.Helper()
	c := catalogue(tb)
	facts := clusterfile.Facts{KubernetesVersion: "v1.36.4", Server: "http://127.0.0.1", Nodes: []clusterfile.NodeFact{{Name: "node", ProviderID: "scaleway://instance/fr-par-1/node"}}}
	plan, err := fitout.Prepare(c, file, &facts, nil)
	if err != nil {
		tb.Fatal(err)
	}
	client, err := cluster.New(tb.Context(), &rest.Config{Host: serve(tb, c, nodes).URL}, cluster.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	survey, err := client.Survey(tb.Context(), plan.Kinds, plan.Rendering.Objects())
	if err != nil {
		tb.Fatal(err)
	}
	if len(survey.Nodes) != nodes {
		tb.Fatalf("%d nodes", len(survey.Nodes))
	}
	survey.Environment = probes.Environment{Namespace: "fitout-probe-a", Service: "10.32.0.99", Host: "probe.invalid", Domain: "cluster.local"}
	for i, n := range survey.Nodes {
		for _, role := range []string{probe.Asker, probe.Peer} {
			survey.Environment.Pods = append(survey.Environment.Pods, corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Namespace: "fitout-probe-a", Name: role + "-" + n.Name, Labels: map[string]string{probe.LabelRole: role}},
				Spec:       corev1.PodSpec{NodeName: n.Name},
				Status: corev1.PodStatus{PodIP: fmt.Sprintf("10.244.%d.%d", i/256, i%256), Phase: corev1.PodRunning,
					Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
			})
		}
	}
	return plan, survey
}

// answered plans the probes, answers every task alike, and judges and explains the answers.
func answered(plan *fitout.Plan, survey probes.Survey, good bool) (rows []check.Row, asked int) {
	plans := probes.Plan(plan.Rendering.Addons, survey)
	results := probes.Results{Pods: map[string]probes.PodResults{}}
	for pod, tasks := range plans.Tasks() {
		var answer probes.PodResults
		for _, t := range tasks {
			r := probe.Result{ID: t.ID, OK: good, Tries: 1}
			if !good {
				r.Error = "no answer within 5s"
			}
			answer.Results = append(answer.Results, r)
		}
		results.Pods[pod], asked = answer, asked+len(tasks)
	}
	rows = plans.Judge(results)
	snapshot := survey.WithProbePods()
	diagnose.EvidenceFor(snapshot, rows)
	return diagnose.Rows(snapshot, rows), asked
}

// BenchmarkProbes is planning, judging and explaining probes in pods of each node: where all are good, and where none is.
func BenchmarkProbes(b *testing.B) {
	for _, nodes := range sizes {
		plan, survey := probed(b, nodes)
		for _, answers := range []string{"good", "failed"} {
			b.Run(fmt.Sprintf("%s/%d", answers, nodes), func(b *testing.B) {
				cputime.Report(b, cputime.Self)
				b.ReportAllocs()
				for b.Loop() {
					_, asked := answered(plan, survey, answers == "good")
					b.ReportMetric(float64(asked), "tasks")
				}
			})
		}
	}
}

// On more than a few nodes each asks some, and the row says so; all together ask every node equally often.
func TestEachNodeAsksSome(t *testing.T) {
	const nodes, some = 20, 8
	plan, survey := probed(t, nodes)
	rows, _ := answered(plan, survey, true)
	told := 0
	for _, row := range rows {
		if strings.Contains(row.Detail, fmt.Sprintf("; each node asked %d of %d", some, nodes)) {
			told++
		}
	}
	if told < 2 { // the pod network, and full packets
		t.Errorf("%d rows tell of it: %v", told, rows)
	}
	asked := map[string]int{}
	for _, tasks := range probes.Plan(plan.Rendering.Addons, survey).Tasks() {
		for _, task := range tasks {
			if strings.Contains(task.ID, "/pod-network/") {
				asked[task.Address]++
			}
		}
	}
	if len(asked) != nodes {
		t.Errorf("%d nodes are asked", len(asked))
	}
	for address, times := range asked {
		if times != some {
			t.Errorf("%s is asked %d times", address, times)
		}
	}
	few, survey := probed(t, some)
	rows, _ = answered(few, survey, true)
	for _, row := range rows {
		if strings.Contains(row.Detail, "each node asked") {
			t.Errorf("on %d nodes, %s: %s", some, row.Name(), row.Detail)
		}
	}
}
