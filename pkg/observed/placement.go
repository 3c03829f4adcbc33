package observed

import (
	"fmt"
	"slices"

	corev1 "k8s.io/api/core/v1"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// AllSimulated reports whether every node is simulated that can take part: others than virtual and dead ones.
func (s Snapshot) AllSimulated() bool {
	return s.CountNodes(Simulated) > 0 && !slices.ContainsFunc(s.SortedNodes(), func(n *corev1.Node) bool {
		return !Simulated(n) && !Virtual(n) && !NodeUnreachable(n)
	})
}

// A Refusal is a node that keeps pods away by a taint.
type Refusal struct {
	Node  *corev1.Node
	Taint corev1.Taint
}

func (r Refusal) String() string {
	return fmt.Sprintf("node %s has the taint %s", r.Node.Name, r.Taint.ToString())
}

// EligibleNodes returns the nodes that pods of a DaemonSet's template should be on: those that its node selector and affinity
// match and whose taints it tolerates; refused are those that only a taint keeps them off.
//
// Nodes that are not ready or cordoned count: the DaemonSet is to be on them, whether or not its controller starts pods
// there just now. Virtual ones do not: what is started there cannot run.
func (s Snapshot) EligibleNodes(template corev1.PodTemplateSpec) (nodes []*corev1.Node, refused []Refusal) {
	tolerations := append(DaemonTolerations(template.Spec.HostNetwork), template.Spec.Tolerations...)
	nodes, refused = s.FittingNodes(template.Spec, tolerations)
	return slices.DeleteFunc(nodes, Virtual), slices.DeleteFunc(refused, func(r Refusal) bool { return Virtual(r.Node) })
}

// FittingNodes returns the nodes that a pod's node selector and affinity match and whose taints it tolerates, and those that only
// a taint keeps it off.
func (s Snapshot) FittingNodes(spec corev1.PodSpec, tolerations []corev1.Toleration) (nodes []*corev1.Node, refused []Refusal) {
	affinity := nodeaffinity.GetRequiredNodeAffinity(&corev1.Pod{Spec: spec})
	for _, n := range s.SortedNodes() {
		if ok, err := affinity.Match(n); err != nil || !ok {
			continue
		}
		taint, untolerated := corev1helpers.FindMatchingUntoleratedTaint(klog.Logger{}, n.Spec.Taints, tolerations, BlocksScheduling, false)
		if untolerated {
			refused = append(refused, Refusal{n, taint})
			continue
		}
		nodes = append(nodes, n)
	}
	return nodes, refused
}

// controlPlaneTaints keep workloads off control-plane nodes: kubeadm's taint from 1.24, and the one until 1.24.
var controlPlaneTaints = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// OnlyControlPlane reports whether all nodes hold the control plane, and nothing else: no worker has joined yet.
func (s Snapshot) OnlyControlPlane() bool {
	for _, n := range s.SortedNodes() {
		if !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return slices.Contains(controlPlaneTaints, t.Key) }) {
			return false
		}
	}
	return true
}

// AwaitsWorkers tells that pods of a template cannot be anywhere before a worker joins, and what keeps them off the nodes
// that there are.
func (s Snapshot) AwaitsWorkers(template corev1.PodTemplateSpec) (detail string, yes bool) {
	nodes, refused := s.EligibleNodes(template)
	if len(nodes) > 0 || len(refused) == 0 || !s.OnlyControlPlane() {
		return "", false
	}
	return "waits for worker nodes: " + refused[0].String(), true
}

// DaemonTolerations are for the taints that the DaemonSet controller lets every pod tolerate (Kubernetes,
// pkg/controller/daemon/util), here with every effect.
func DaemonTolerations(hostNetwork bool) []corev1.Toleration {
	keys := []string{
		corev1.TaintNodeNotReady, corev1.TaintNodeUnreachable, corev1.TaintNodeDiskPressure,
		corev1.TaintNodeMemoryPressure, corev1.TaintNodePIDPressure, corev1.TaintNodeUnschedulable,
	}
	if hostNetwork {
		keys = append(keys, corev1.TaintNodeNetworkUnavailable)
	}
	var all []corev1.Toleration
	for _, key := range keys {
		all = append(all, corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists})
	}
	return all
}
