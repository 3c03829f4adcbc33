package probes

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// peerPort is a probe that only this file has: whether a port of the peers is open.
var peerPort = Probe{
	Name: "peer-port", Where: InPods, Fields: []string{"timeout"}, NeedsPeer: true, Watch: true,
	Queries: func(s Survey, _ probePlan) ([]podQuery, earlyVerdict) {
		return s.queriesTo(s.readyProbePods(probe.Peer), func(_, _ target) []podQuery {
			return []podQuery{{Task: probe.Task{Kind: probe.TCP, Port: 7}, group: "port 7"}}
		}), earlyVerdict{}
	},
	RestsOn: []dependency{networkFrom},
}

// oneNode is a cluster of one node with both probe pods.
func oneNode() Survey {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{corev1.LabelOSStable: "linux", corev1.LabelArchStable: "amd64"}}}
	node.Status.Conditions = []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}
	s := Survey{Snapshot: observed.Snapshot{Nodes: []corev1.Node{node}}}
	for _, role := range []string{probe.Asker, probe.Peer} {
		pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: role, Namespace: "p", Labels: map[string]string{probe.LabelRole: role}}}
		pod.Spec.NodeName, pod.Status.PodIP = "a", "10.0.0.1"
		pod.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
		s.Environment.Pods = append(s.Environment.Pods, pod)
	}
	return s
}

// A probe is one value: registered, it is planned, asked, judged, traced to what it rests on, selected and watched.
func TestAddedProbe(t *testing.T) {
	register(peerPort)
	t.Cleanup(func() { delete(registry, peerPort.Name) })
	agent := &manifest.Object{Object: map[string]any{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": "agent", "namespace": "net"}}}
	declared := []bundle.Probe{{Name: "peer-port", Timeout: "5s", Usually: "open the port"}}
	addons := []render.Addon{{Addon: bundle.Addon{Name: "net", Role: "cni", Probes: declared}, Objects: []*manifest.Object{agent}}}
	plans := Plan(addons, oneNode())
	tasks := plans.Tasks()[probe.Asker]
	if len(tasks) != 1 || tasks[0].Port != 7 || tasks[0].Timeout.Seconds() != 5 {
		t.Fatalf("the asker is asked %+v", tasks)
	}
	for _, test := range []struct {
		result probe.Result
		want   check.Verdict
	}{{probe.Result{ID: tasks[0].ID, OK: true}, check.Good}, {probe.Result{ID: tasks[0].ID, Error: "refused"}, check.Failed}} {
		rows := plans.Judge(Results{Pods: map[string]PodResults{probe.Asker: {Results: []probe.Result{test.result}}}})
		if len(rows) != 1 || rows[0].Verdict != test.want {
			t.Fatalf("%+v", rows)
		}
		if row := rows[0]; row.Verdict == check.Failed && (row.Remedy != "open the port" || len(row.Trail.Suspects) != 1 || row.Trail.Suspects[0].Object != manifest.IDOf(agent)) {
			t.Errorf("%+v, %+v", row, row.Trail)
		}
	}
	if !MadeInPods("net/peer-port") || !NeedsPods(addons) || !slices.Contains(Watched(), "peer-port") {
		t.Error("it is not known to be made in pods, or to be watched")
	}
}

// A probe of a newer catalogue fails with its reason.
func TestUnknownProbe(t *testing.T) {
	addons := []render.Addon{{Addon: bundle.Addon{Name: "net", Probes: []bundle.Probe{{Name: "tomorrow"}}}}}
	rows := Plan(addons, oneNode()).Judge(Results{})
	if len(rows) != 1 || rows[0].Verdict != check.Failed || rows[0].Remedy == "" {
		t.Errorf("%+v", rows)
	}
}
