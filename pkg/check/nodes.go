package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	corev1helpers "k8s.io/component-helpers/scheduling/corev1"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
	"k8s.io/klog/v2"
)

// SimulatedAnnotation marks the nodes of KWOK, which have pods but run nothing.
const SimulatedAnnotation = "kwok.x-k8s.io/node"

// Simulated reports whether KWOK simulates a node.
func Simulated(n *corev1.Node) bool { return n.Annotations[SimulatedAnnotation] == "fake" }

// AllSimulated reports whether every node is simulated that can take part: others than virtual and dead ones.
func (s Snapshot) AllSimulated() bool {
	return s.CountNodes(Simulated) > 0 && !slices.ContainsFunc(s.SortedNodes(), func(n *corev1.Node) bool {
		return !Simulated(n) && !Virtual(n) && !NodeUnreachable(n)
	})
}

// judgeNodes judges the nodes themselves: each is to be ready and short of nothing, and some are to take pods.
func judgeNodes(s Snapshot) Row {
	row := Row{Check: Nodes, Verdict: Good}
	if len(s.SortedNodes()) == 0 {
		row.Verdict, row.Detail, row.Remedy = Pending, "no node has joined yet", "add nodes, then run fitout check"
		return row
	}
	var bad []string
	notReady := 0
	for _, n := range s.SortedNodes() {
		if ok, why := NodeReady(n); !ok {
			notReady++
			bad = append(bad, fmt.Sprintf("%s (%s)", n.Name, why))
		} else if short := shortOf(n); short != "" {
			bad = append(bad, fmt.Sprintf("%s (%s)", n.Name, short))
		} else {
			continue
		}
		if row.About.Name == "" {
			row.About = manifest.ID{Kind: "Node", Name: n.Name}
		}
	}
	row.Detail = strings.Join(append([]string{fmt.Sprintf("%d/%d ready", len(s.SortedNodes())-notReady, len(s.SortedNodes()))}, nodeKinds(s)...), ", ")
	switch cordoned := s.CountNodes(cordoned); {
	case len(bad) > 0:
		row.Verdict = PartlyMet(len(s.SortedNodes()) - notReady)
		row.Detail += ": " + FirstFew(bad)
		row.Remedy = "look at the kubelet of the node"
	case cordoned == len(s.SortedNodes()):
		row.Verdict, row.Remedy = Degraded, "kubectl uncordon the nodes that are to take pods"
		row.Detail += ": none takes new pods"
	}
	return row
}

func cordoned(n *corev1.Node) bool { return n.Spec.Unschedulable }

// shortOf names what a ready node runs short of.
func shortOf(n *corev1.Node) string {
	for _, kind := range Pressures {
		if c := NodeCondition(n, kind); c.Status == corev1.ConditionTrue {
			return strings.Trim(string(kind)+": "+Short(c.Message), ": ")
		}
	}
	return ""
}

// nodeKinds counts the nodes that are not as most are.
func nodeKinds(s Snapshot) []string {
	var texts []string
	for _, sort := range []struct {
		name string
		is   func(*corev1.Node) bool
	}{
		{"cordoned", cordoned},
		{"tainted", func(n *corev1.Node) bool { return slices.ContainsFunc(n.Spec.Taints, ownTaint) }},
		{"Windows", func(n *corev1.Node) bool { return n.Labels[corev1.LabelOSStable] == "windows" }},
		{"virtual", Virtual},
		{"simulated", Simulated},
	} {
		if n := s.CountNodes(sort.is); n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, sort.name))
		}
	}
	return texts
}

func (s Snapshot) CountNodes(is func(*corev1.Node) bool) (n int) {
	for _, node := range s.SortedNodes() {
		if is(node) {
			n++
		}
	}
	return n
}

// ownTaint reports whether a taint keeps pods away, and is none that Kubernetes sets by itself for what is told anyway.
func ownTaint(t corev1.Taint) bool {
	return BlocksScheduling(&t) && !strings.HasPrefix(t.Key, "node.kubernetes.io/")
}

// NodeReady reports whether a node is ready, or why not: the reason is often no more than KubeletNotReady, the message
// says what the kubelet misses.
func NodeReady(n *corev1.Node) (ok bool, why string) {
	for _, c := range n.Status.Conditions {
		if c.Type == corev1.NodeReady {
			return c.Status == corev1.ConditionTrue, strings.Trim(c.Reason+": "+Short(c.Message), ": ")
		}
	}
	return false, "has no Ready condition yet"
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

func BlocksScheduling(t *corev1.Taint) bool {
	return t.Effect == corev1.TaintEffectNoSchedule || t.Effect == corev1.TaintEffectNoExecute
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

// PodsMatching returns the observed pods that a selector matches in a namespace.
func (s Snapshot) PodsMatching(namespace string, selector *metav1.LabelSelector) []*corev1.Pod {
	matches, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil
	}
	var pods []*corev1.Pod
	for _, p := range s.indexed().in[namespace] {
		if matches.Matches(labels.Set(p.Labels)) {
			pods = append(pods, p)
		}
	}
	return pods
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
