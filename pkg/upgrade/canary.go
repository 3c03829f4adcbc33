package upgrade

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Canary is how a DaemonSet of the pod network reaches some nodes before all others: with the update strategy OnDelete nobody
// replaces its pods, those of the canary nodes are deleted, and the rendered strategy replaces the rest later. All of that can be
// read from the cluster, so that a run finds out how far one before it has come.

// HoldBack returns a DaemonSet as it is applied for the canary nodes: its controller replaces no pod by itself.
func HoldBack(set *manifest.Object) *manifest.Object {
	held := set.DeepCopy()
	if err := unstructured.SetNestedMap(held.Object, map[string]any{"type": "OnDelete"}, "spec", "updateStrategy"); err != nil {
		return set // it has no spec, and so no pods
	}
	return held
}

// HeldBack reports whether the controller of a live DaemonSet replaces no pod by itself.
func HeldBack(set *manifest.Object) bool {
	strategy, _, _ := unstructured.NestedString(set.Object, "spec", "updateStrategy", "type")
	return strategy == "OnDelete"
}

// Behind reports whether pods of a live DaemonSet are of an older revision, or may be.
func Behind(live *manifest.Object) bool {
	n := func(path ...string) int64 {
		value, _, _ := unstructured.NestedInt64(live.Object, path...)
		return value
	}
	return !Seen(live) || n("status", "updatedNumberScheduled") < n("status", "desiredNumberScheduled")
}

// Seen reports whether the controller of a DaemonSet has seen its newest generation.
func Seen(live *manifest.Object) bool {
	generation, _, _ := unstructured.NestedInt64(live.Object, "metadata", "generation")
	observed, found, _ := unstructured.NestedInt64(live.Object, "status", "observedGeneration")
	return found && observed >= generation
}

// CanaryNodes chooses the nodes on which the pods of a DaemonSet are replaced first: those that have been begun with, then those
// whose pod is not ready anyway, then by name. Nodes that are out are not begun with. There are none if that would be all nodes.
func CanaryNodes(live *manifest.Object, s observed.Snapshot, out map[string]string, n int) []string {
	nodes, pods := nodesAndPods(live, s)
	if len(nodes) <= n {
		return nil
	}
	newest := newestOf(live, pods)
	rank := func(node *corev1.Node) int {
		on := slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return observed.NodeFor(p) != node.Name })
		switch {
		case slices.ContainsFunc(on, newest):
			return 0
		case !slices.ContainsFunc(on, observed.PodReady):
			return 1
		}
		return 2
	}
	nodes = slices.DeleteFunc(nodes, func(node *corev1.Node) bool {
		ready, _ := observed.NodeReady(node)
		return rank(node) > 0 && (!ready || node.Spec.Unschedulable || out[node.Name] != "")
	})
	slices.SortStableFunc(nodes, func(a, b *corev1.Node) int { return rank(a) - rank(b) })
	var names []string
	for _, node := range nodes[:min(n, len(nodes))] {
		names = append(names, node.Name)
	}
	return names
}

// OlderPods are the pods of a DaemonSet on nodes that are of an older revision and are to be deleted.
func OlderPods(live *manifest.Object, s observed.Snapshot, nodes []string) []corev1.Pod {
	_, pods := nodesAndPods(live, s)
	newest := newestOf(live, pods)
	var older []corev1.Pod
	for _, p := range pods {
		if slices.Contains(nodes, observed.NodeFor(p)) && p.DeletionTimestamp == nil && !newest(p) {
			older = append(older, *p)
		}
	}
	return older
}

// JudgeCanary judges whether each of the canary nodes is ready, and has a ready pod of the DaemonSet's newest revision.
func JudgeCanary(live *manifest.Object, s observed.Snapshot, names []string) check.Row {
	all, pods := nodesAndPods(live, s)
	nodes := slices.DeleteFunc(all, func(n *corev1.Node) bool { return !slices.Contains(names, n.Name) })
	newest := newestOf(live, pods)
	missing := observed.NodesWithoutReadyPod(slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return !newest(p) }), nodes)
	row := check.Row{Check: check.Ready, Verdict: check.Good, About: manifest.IDOf(live),
		Detail: fmt.Sprintf("%s %d/%d canary nodes", manifest.IDOf(live), len(nodes)-len(missing), len(nodes))}
	if len(missing) > 0 {
		cause, remedy := s.CauseOnNodes(missing, pods)
		row.Verdict, row.Detail, row.Remedy = check.Failed, row.Detail+", "+cause, remedy
		return row
	}
	for _, n := range nodes {
		if ready, why := observed.NodeReady(n); !ready {
			row.Verdict, row.Detail, row.Remedy = check.Failed, fmt.Sprintf("%s, node %s is not ready: %s", row.Detail, n.Name, why), "kubectl describe node "+n.Name
		}
	}
	return row
}

func nodesAndPods(live *manifest.Object, s observed.Snapshot) ([]*corev1.Node, []*corev1.Pod) {
	template, err := observed.WorkloadOf(live)
	if err != nil {
		return nil, nil
	}
	nodes, _ := s.EligibleNodes(template.PodTemplateSpec)
	return nodes, s.PodsMatching(live.GetNamespace(), template.Selector)
}

// newestOf tells pods of the newest revision. Where none can be told to be, none has been made of it yet.
func newestOf(live *manifest.Object, pods []*corev1.Pod) func(*corev1.Pod) bool {
	if newest, known := observed.NewestRevision(live, pods); known {
		return newest
	}
	return func(*corev1.Pod) bool { return false }
}
