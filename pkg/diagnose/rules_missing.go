package diagnose

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// missingObject matches objects of a kind, or of any, that are not there.
func missingObject(kind, means string) func(subject) (match, bool) {
	return func(p subject) (match, bool) {
		if p.absent.Kind == "" || kind != "" && p.absent.Kind != kind {
			return match{}, false
		}
		return match{fmt.Sprintf("%s is not in the cluster: %s", p.absent, means), "run fitout apply", neverTerminal}, true
	}
}

// leavingSince is since when an object is being deleted; empty where it is not.
func (p subject) leavingSince() string {
	if p.object == nil || p.object.GetDeletionTimestamp() == nil {
		return ""
	}
	return p.object.GetDeletionTimestamp().UTC().Format(time.RFC3339)
}

// stuckNamespace matches namespaces that do not go, and says what is left in them. The conditions are those of the namespace
// controller (Kubernetes, pkg/controller/namespace/deletion).
func stuckNamespace(p subject) (match, bool) {
	since := p.leavingSince()
	if since == "" || p.object.GetKind() != "Namespace" {
		return match{}, false
	}
	var left []string
	for _, kind := range []corev1.NamespaceConditionType{
		corev1.NamespaceDeletionDiscoveryFailure, corev1.NamespaceDeletionGVParsingFailure, corev1.NamespaceDeletionContentFailure,
		corev1.NamespaceFinalizersRemaining, corev1.NamespaceContentRemaining,
	} {
		if c := observed.Condition(p.object, string(kind)); c["status"] == "True" {
			left = append(left, printable.Short(observed.String(c["message"])))
		}
	}
	if len(left) == 0 {
		return match{}, false
	}
	return match{
		fmt.Sprintf("namespace %s is being deleted since %s and does not go: %s", p.object.GetName(), since, printable.FirstFew(left)),
		"remove what is left in it, or make what removes it work, then run fitout apply", neverTerminal,
	}, true
}

// heldByFinalizers matches objects that are being deleted and wait for those who have put finalizers on them.
func heldByFinalizers(p subject) (match, bool) {
	since := p.leavingSince()
	if since == "" || len(p.object.GetFinalizers()) == 0 {
		return match{}, false
	}
	return match{
		fmt.Sprintf("%s is being deleted since %s and held by its finalizers: %s", p.id(), since, printable.FirstFew(p.object.GetFinalizers())),
		"see why what has put them there does not remove them, then run fitout apply", neverTerminal,
	}, true
}

// noPodsSelected matches Services that no pod is behind.
func noPodsSelected(p subject) (match, bool) {
	service := p.object
	if service != nil && service.GetKind() == "APIService" && observed.Condition(service, "Available")["status"] != "True" {
		service = p.s.ServiceOf(service)
	}
	if service == nil || service.GetKind() != "Service" || len(observed.ServiceSelector(service)) == 0 || len(p.s.PodsBehind(service)) > 0 {
		return match{}, false
	}
	return match{
		fmt.Sprintf("no pod has the labels %s, by which %s selects its pods", labels.FormatLabels(observed.ServiceSelector(service)), manifest.IDOf(service)),
		"see whether its workload has pods, and run fitout apply where its selector was changed", neverTerminal,
	}, true
}

// taintOnNode matches nodes that a taint keeps the pods of a DaemonSet off.
func taintOnNode(p subject) (match, bool) {
	_, refused, _ := p.eligibleWithoutPod()
	at := slices.IndexFunc(refused, func(r observed.Refusal) bool { return r.Node.Name == p.node.Name })
	if at < 0 {
		return match{}, false
	}
	return match{fmt.Sprintf("%s has no pod on node %s: %s", p.id(), p.node.Name, refused[at]), check.TaintRemedy, neverTerminal}, true
}

// nodeNotSelected matches nodes that a DaemonSet does not choose.
func nodeNotSelected(p subject) (match, bool) {
	nodes, _, ok := p.eligibleWithoutPod()
	if !ok || slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return n.Name == p.node.Name }) {
		return match{}, false
	}
	return match{
		fmt.Sprintf("%s has no pod on node %s, which its node selector or affinity does not match", p.id(), p.node.Name),
		"label the node, or change the node selector", neverTerminal,
	}, true
}

// scaledDown matches workloads that are to have no pod.
func scaledDown(p subject) (match, bool) {
	if p.row.Trail == nil || p.object == nil || p.pod != nil || p.object.GetKind() != "Deployment" && p.object.GetKind() != "StatefulSet" || observed.Replicas(p.object) > 0 {
		return match{}, false
	}
	return match{fmt.Sprintf("somebody has scaled %s to 0", p.id()), "run fitout apply", neverTerminal}, true
}

// podMissing matches suspects that have no pod, for no reason that anything gives.
func podMissing(p subject) (match, bool) {
	if p.row.Trail == nil || p.object == nil || p.pod != nil || !observed.MakesPods(p.object) {
		return match{}, false
	}
	where := ""
	if p.node != nil {
		where = " on node " + p.node.Name
	}
	return match{fmt.Sprintf("%s has no pod%s", p.id(), where), "see whether kube-controller-manager runs, and " + observed.DescribeCommand(p.object), neverTerminal}, true
}

// eligibleWithoutPod returns the nodes that a DaemonSet chooses, where a pod of it is missing on a certain one.
func (p subject) eligibleWithoutPod() (nodes []*corev1.Node, refused []observed.Refusal, ok bool) {
	if p.object == nil || p.object.GetKind() != "DaemonSet" || p.pod != nil || p.node == nil {
		return nil, nil, false
	}
	template, err := observed.WorkloadOf(p.object)
	if err != nil {
		return nil, nil, false
	}
	nodes, refused = p.s.EligibleNodes(template.PodTemplateSpec)
	return nodes, refused, true
}
