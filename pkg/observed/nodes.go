package observed

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// Pressures are the conditions by which a kubelet says that it runs short of something, and evicts pods.
var Pressures = []corev1.NodeConditionType{corev1.NodeDiskPressure, corev1.NodeMemoryPressure, corev1.NodePIDPressure}

// NodeCondition returns a condition of a node; the zero value if it has none of that type.
func NodeCondition(n *corev1.Node, kind corev1.NodeConditionType) corev1.NodeCondition {
	if i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return c.Type == kind }); i >= 0 {
		return n.Status.Conditions[i]
	}
	return corev1.NodeCondition{}
}

// NodeUnreachable reports whether nobody has heard of a node's kubelet for a while.
func NodeUnreachable(n *corev1.Node) bool {
	return NodeCondition(n, corev1.NodeReady).Status == corev1.ConditionUnknown
}

// NodeNames is the set of the names of nodes.
func NodeNames(nodes []*corev1.Node) map[string]bool {
	set := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		set[n.Name] = true
	}
	return set
}

// SimulatedAnnotation marks the nodes of KWOK, which have pods but run nothing.
const SimulatedAnnotation = "kwok.x-k8s.io/node"

// Simulated reports whether KWOK simulates a node.
func Simulated(n *corev1.Node) bool { return n.Annotations[SimulatedAnnotation] == "fake" }

// NodeReady reports whether a node is ready, or why not: the reason is often no more than KubeletNotReady, the message
// says what the kubelet misses.
func NodeReady(n *corev1.Node) (ok bool, why string) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, strings.Trim(c.Reason+": "+printable.Short(c.Message), ": ")
		}
	}
	return false, "has no Ready condition yet"
}

// BlocksScheduling reports whether a taint keeps new pods off its node.
func BlocksScheduling(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
}

// virtualLabels mark nodes that are no machines; an empty value stands for any.
var virtualLabels = map[string]string{
	"type":                                 "virtual-kubelet", // Virtual Kubelet, cmd/virtual-kubelet: of every provider that does not change it
	providerOfVirtual:                      "",                // providers of Virtual Kubelet: Azure, Alibaba Cloud, Admiralty
	"eks.amazonaws.com/compute-type":       "fargate",         // EKS: a node for each pod
	"liqo.io/type":                         "virtual-node",    // Liqo: another cluster
	"node-role.kubernetes.io/virtual-node": "",                // Oracle Kubernetes Engine
}

// providerOfVirtual is a label, and the key of the taint of virtual nodes.
const providerOfVirtual = "virtual-kubelet.io/provider"

// Virtual reports whether a node is no machine but the front of a service. It runs no pod that wants something of its
// node, as those of DaemonSets do.
func Virtual(n *corev1.Node) bool {
	for key, value := range virtualLabels {
		if has, ok := n.Labels[key]; ok && (value == "" || value == has) {
			return true
		}
	}
	return slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return t.Key == providerOfVirtual })
}
