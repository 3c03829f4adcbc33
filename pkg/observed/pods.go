package observed

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// PodsForNodes returns the pods that are on one of the nodes, or on none yet.
func PodsForNodes(pods []*corev1.Pod, nodes []*corev1.Node) []*corev1.Pod {
	named := NodeNames(nodes)
	return slices.DeleteFunc(slices.Clone(pods), func(p *corev1.Pod) bool { return NodeFor(p) != "" && !named[NodeFor(p)] })
}

// NodeFor returns the name of the node that a pod is on, or that the controller of its DaemonSet has made it for
// (Kubernetes, pkg/controller/daemon/util: an affinity to the node's name); empty if it may be anywhere.
func NodeFor(p *corev1.Pod) string {
	if p.Spec.NodeName != "" || p.Spec.Affinity == nil || p.Spec.Affinity.NodeAffinity == nil {
		return p.Spec.NodeName
	}
	required := p.Spec.Affinity.NodeAffinity.RequiredDuringSchedulingIgnoredDuringExecution
	if required == nil || len(required.NodeSelectorTerms) == 0 {
		return ""
	}
	for _, field := range required.NodeSelectorTerms[0].MatchFields {
		if field.Key == metav1.ObjectNameField && len(field.Values) == 1 {
			return field.Values[0]
		}
	}
	return ""
}

// SortedPods returns the pods that have a name, in the order of their names.
func SortedPods(list []corev1.Pod) []*corev1.Pod {
	pods := make([]*corev1.Pod, 0, len(list))
	for i := range list {
		if list[i].Name != "" {
			pods = append(pods, &list[i])
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return pods
}

// PodsByNode groups pods by the node that they are on; those on none come under "".
func PodsByNode(pods []*corev1.Pod) map[string][]*corev1.Pod {
	on := map[string][]*corev1.Pod{}
	for _, p := range pods {
		on[p.Spec.NodeName] = append(on[p.Spec.NodeName], p)
	}
	return on
}

// NodesWithoutReadyPod returns the nodes that have none of the pods ready on them.
func NodesWithoutReadyPod(pods []*corev1.Pod, nodes []*corev1.Node) []*corev1.Node {
	ready := map[string]bool{}
	for _, p := range pods {
		if PodReady(p) {
			ready[p.Spec.NodeName] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool { return ready[n.Name] })
}

// PodReady reports whether a pod is ready, and is to stay.
func PodReady(p *corev1.Pod) bool {
	if p.DeletionTimestamp != nil {
		return false
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// UnschedulableReason is what the scheduler says of a pod that it finds no node for.
func UnschedulableReason(p *corev1.Pod) string {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	return ""
}
