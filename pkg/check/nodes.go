package check

import (
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// simulatedAnnotation marks the nodes of KWOK, which have pods but run nothing.
const simulatedAnnotation = "kwok.x-k8s.io/node"

func simulated(n corev1.Node) bool { return n.Annotations[simulatedAnnotation] == "fake" }

// allSimulated reports whether every node is simulated.
func (s Snapshot) allSimulated() bool {
	return !slices.ContainsFunc(s.Nodes, func(n corev1.Node) bool { return !simulated(n) })
}

// judgeNodes judges the nodes themselves.
func judgeNodes(s Snapshot) Row {
	row := Row{Check: Nodes, Verdict: Good}
	if len(s.Nodes) == 0 {
		row.Verdict, row.Detail, row.Remedy = Pending, "no node has joined yet", "add nodes, then run fitout check"
		return row
	}
	var notReady []string
	simulatedNodes := 0
	for _, n := range s.Nodes {
		if ok, why := nodeReady(n); !ok {
			notReady = append(notReady, fmt.Sprintf("%s (%s)", n.Name, why))
		}
		if simulated(n) {
			simulatedNodes++
		}
	}
	row.Detail = fmt.Sprintf("%d/%d ready", len(s.Nodes)-len(notReady), len(s.Nodes))
	if simulatedNodes > 0 {
		row.Detail += fmt.Sprintf(", %d simulated", simulatedNodes)
	}
	if len(notReady) > 0 {
		row.Verdict = partly(len(s.Nodes) - len(notReady))
		row.Detail += ": " + some(notReady)
		row.Remedy = "look at the kubelet of the node"
	}
	return row
}

// nodeReady reports whether a node is ready, or why not: the reason is often no more than KubeletNotReady, the message
// says what the kubelet misses.
func nodeReady(n corev1.Node) (ok bool, why string) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, strings.Trim(c.Reason+": "+line(c.Message), ": ")
		}
	}
	return false, "has no Ready condition yet"
}

// eligible returns the nodes that pods of a DaemonSet's template should be on: those that its node selector and affinity
// match and whose taints it tolerates. Where there is none because of taints, refused names the first.
//
// Nodes that are not ready or cordoned count: the DaemonSet is to be on them, whether or not its controller starts pods
// there just now.
func (s Snapshot) eligible(template corev1.PodTemplateSpec) (nodes []corev1.Node, refused string) {
	pod := &corev1.Pod{Spec: template.Spec}
	affinity := nodeaffinity.GetRequiredNodeAffinity(pod)
	tolerations := append(daemonTolerations(template.Spec.HostNetwork), template.Spec.Tolerations...)
	for _, n := range s.Nodes {
		if ok, err := affinity.Match(&n); err != nil || !ok {
			continue
		}
		taint, untolerated := corev1helpers.FindMatchingUntoleratedTaint(klog.Logger{}, n.Spec.Taints, tolerations, schedulingTaint, false)
		switch {
		case !untolerated:
			nodes = append(nodes, n)
		case refused == "":
			refused = fmt.Sprintf("node %s has the taint %s", n.Name, taint.ToString())
		}
	}
	return nodes, refused
}

// controlPlaneTaints keep workloads off control-plane nodes: kubeadm's taint from 1.24, and the one until 1.24.
var controlPlaneTaints = []string{"node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master"}

// onlyControlPlane reports whether all nodes hold the control plane, and nothing else: no worker has joined yet.
func (s Snapshot) onlyControlPlane() bool {
	for _, n := range s.Nodes {
		if !slices.ContainsFunc(n.Spec.Taints, func(t corev1.Taint) bool { return slices.Contains(controlPlaneTaints, t.Key) }) {
			return false
		}
	}
	return true
}

// awaitsWorkers tells that pods of a template cannot be anywhere before a worker joins, and what keeps them off the nodes
// that there are.
func (s Snapshot) awaitsWorkers(template corev1.PodTemplateSpec) (detail string, yes bool) {
	nodes, refused := s.eligible(template)
	return "waits for worker nodes: " + refused, len(nodes) == 0 && refused != "" && s.onlyControlPlane()
}

func schedulingTaint(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
}

// daemonTolerations are for the taints that the DaemonSet controller lets every pod tolerate (Kubernetes,
// pkg/controller/daemon/util), here with every effect.
func daemonTolerations(hostNetwork bool) []corev1.Toleration {
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

// podsOf returns the observed pods that a selector matches in a namespace.
func (s Snapshot) podsOf(namespace string, selector *metav1.LabelSelector) []corev1.Pod {
	matches, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil
	}
	var pods []corev1.Pod
	for _, p := range s.Pods {
		if p.Namespace == namespace && matches.Matches(labels.Set(p.Labels)) {
			pods = append(pods, p)
		}
	}
	return pods
}

// without returns the nodes that have none of the pods ready on them.
func without(pods []corev1.Pod, nodes []corev1.Node) []corev1.Node {
	return slices.DeleteFunc(slices.Clone(nodes), func(n corev1.Node) bool { return readyOn(pods, n.Name) })
}

func readyOn(pods []corev1.Pod, node string) bool {
	for _, p := range pods {
		if p.Spec.NodeName == node && podReady(p) {
			return true
		}
	}
	return false
}

// podReady reports whether a pod is ready, and is to stay.
func podReady(p corev1.Pod) bool {
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
