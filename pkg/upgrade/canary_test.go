package upgrade_test

import (
	"fmt"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// agent is a live DaemonSet whose template is of its second generation.
func agent() *manifest.Object {
	return &manifest.Object{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet",
		"metadata": map[string]any{"name": "agent", "namespace": "net", "generation": int64(4), "annotations": map[string]any{appsv1.DeprecatedTemplateGeneration: "2"}},
		"spec": map[string]any{"selector": map[string]any{"matchLabels": map[string]any{"app": "agent"}},
			"updateStrategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": "10%"}},
			"template":       map[string]any{"spec": map[string]any{"tolerations": []any{map[string]any{"operator": "Exists"}}}}},
		"status": map[string]any{"observedGeneration": int64(4), "desiredNumberScheduled": int64(3), "updatedNumberScheduled": int64(1)},
	}}
}

// A place is a node with the pod of the DaemonSet on it.
type place struct {
	node     string
	out      string // why the node does not take part
	unready  bool   // the node
	cordoned bool
	revision string // of its pod; none without
	broken   bool   // the pod
}

func condition(ok bool) corev1.ConditionStatus {
	if ok {
		return corev1.ConditionTrue
	}
	return corev1.ConditionFalse
}

func snapshot(places []place) (s observed.Snapshot, out map[string]string) {
	out = map[string]string{}
	for _, p := range places {
		s.Nodes = append(s.Nodes, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: p.node}, Spec: corev1.NodeSpec{Unschedulable: p.cordoned},
			Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: condition(!p.unready), Reason: "KubeletNotReady"}}}})
		if p.out != "" {
			out[p.node] = p.out
		}
		if p.revision == "" {
			continue
		}
		s.Pods = append(s.Pods, corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "agent-" + p.node, Namespace: "net",
			Labels: map[string]string{"app": "agent", "pod-template-generation": p.revision, appsv1.ControllerRevisionHashLabelKey: "hash-" + p.revision}},
			Spec:   corev1.PodSpec{NodeName: p.node},
			Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: condition(!p.broken)}}}})
	}
	return s.Indexed(), out
}

func TestCanaryNodes(t *testing.T) {
	for name, test := range map[string]struct {
		places []place
		n      int
		want   string
	}{
		"the first by name":                       {[]place{{node: "c", revision: "1"}, {node: "a", revision: "1"}, {node: "b", revision: "1"}}, 1, "[a]"},
		"two":                                     {[]place{{node: "a", revision: "1"}, {node: "b", revision: "1"}, {node: "c", revision: "1"}}, 2, "[a b]"},
		"one that was begun with":                 {[]place{{node: "a", revision: "1"}, {node: "b", revision: "2"}}, 1, "[b]"},
		"one that was begun with, and is broken":  {[]place{{node: "a", revision: "1"}, {node: "b", revision: "2", broken: true, unready: true}}, 1, "[b]"},
		"one whose pod is broken anyway":          {[]place{{node: "a", revision: "1"}, {node: "b", revision: "1", broken: true}}, 1, "[b]"},
		"one without a pod":                       {[]place{{node: "a", revision: "1"}, {node: "b"}}, 1, "[b]"},
		"one that is not ready":                   {[]place{{node: "a", revision: "1", unready: true}, {node: "b", revision: "1"}}, 1, "[b]"},
		"one that is cordoned":                    {[]place{{node: "a", revision: "1", cordoned: true}, {node: "b", revision: "1"}}, 1, "[b]"},
		"one that is out":                         {[]place{{node: "a", revision: "1", out: "is being deleted"}, {node: "b", revision: "1"}}, 1, "[b]"},
		"no more nodes than the canary":           {[]place{{node: "a", revision: "1"}, {node: "b", revision: "1"}}, 2, "[]"},
		"one node":                                {[]place{{node: "a", revision: "1"}}, 1, "[]"},
		"no node takes part":                      {[]place{{node: "a", revision: "1", unready: true}, {node: "b", revision: "1", cordoned: true}}, 1, "[]"},
		"fewer nodes take part than are to begin": {[]place{{node: "a", revision: "1"}, {node: "b", revision: "1", unready: true}, {node: "c", revision: "1", unready: true}}, 2, "[a]"},
	} {
		s, out := snapshot(test.places)
		if got := fmt.Sprint(upgrade.CanaryNodes(agent(), s, out, test.n)); got != test.want {
			t.Errorf("%s: %s, want %s", name, got, test.want)
		}
	}
}

func TestJudgeCanary(t *testing.T) {
	for name, test := range map[string]struct {
		place  place
		older  int
		want   check.Verdict
		detail string
	}{
		"the old pod":                     {place{node: "b", revision: "1"}, 1, check.Failed, "DaemonSet net/agent 0/1 canary nodes, "},
		"no pod":                          {place{node: "b"}, 0, check.Failed, "DaemonSet net/agent 0/1 canary nodes, no pod on node b"},
		"a new pod that is broken":        {place{node: "b", revision: "2", broken: true}, 0, check.Failed, "DaemonSet net/agent 0/1 canary nodes, pod agent-b"},
		"a new pod on an unready node":    {place{node: "b", revision: "2", unready: true}, 0, check.Failed, "DaemonSet net/agent 1/1 canary nodes, node b is not ready: KubeletNotReady"},
		"a new pod":                       {place{node: "b", revision: "2"}, 0, check.Good, "DaemonSet net/agent 1/1 canary nodes"},
		"another node has not even a pod": {place{node: "b", revision: "2"}, 0, check.Good, "DaemonSet net/agent 1/1 canary nodes"},
	} {
		s, _ := snapshot([]place{{node: "a"}, test.place, {node: "c", revision: "1"}})
		row := upgrade.JudgeCanary(agent(), s, []string{"b"})
		if len(row.Detail) < len(test.detail) || row.Detail[:len(test.detail)] != test.detail || row.Verdict != test.want {
			t.Errorf("%s: %s %s", name, row.Verdict, row.Detail)
		}
		if got := len(upgrade.OlderPods(agent(), s, []string{"b"})); got != test.older {
			t.Errorf("%s: %d older pods", name, got)
		}
	}
}

func TestHoldBack(t *testing.T) {
	rendered := agent()
	held := upgrade.HoldBack(rendered)
	if upgrade.HeldBack(rendered) || !upgrade.HeldBack(held) {
		t.Error("what is held back is not told from what was rendered")
	}
	if got := fmt.Sprint(held.Object["spec"].(map[string]any)["updateStrategy"]); got != "map[type:OnDelete]" {
		t.Error(got)
	}
	for name, set := range map[string]func(*manifest.Object){
		"not updated": func(o *manifest.Object) { o.Object["status"].(map[string]any)["updatedNumberScheduled"] = int64(2) },
		"left out":    func(o *manifest.Object) { delete(o.Object["status"].(map[string]any), "updatedNumberScheduled") },
		"not seen":    func(o *manifest.Object) { o.SetGeneration(5) },
		"no status":   func(o *manifest.Object) { delete(o.Object, "status") },
	} {
		o := agent()
		o.Object["status"].(map[string]any)["updatedNumberScheduled"] = int64(3)
		if upgrade.Behind(o) {
			t.Error("all pods are updated")
		}
		if set(o); !upgrade.Behind(o) {
			t.Errorf("%s: it is not behind", name)
		}
	}
}
