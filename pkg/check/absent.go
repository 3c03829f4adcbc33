package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// ofAbsence are about objects that are not there, or are about not to be, and about Services that lead nowhere.
var ofAbsence = []diagnosis{
	{"service-account-missing", absent("ServiceAccount", "pods that run as it cannot be created")},
	{"namespace-missing", absent("Namespace", "nothing can be in it")},
	{"definition-missing", absent("CustomResourceDefinition", "the API server does not know the objects that it defines")},
	{"object-missing", absent("", "nobody has applied it yet, or somebody has deleted it")},
	{"namespace-stuck", stuckNamespace},
	{"finalizers", held},
	{"no-pods-selected", selectsNothing},
	{"scaled-down", scaledDown},
	{"taint", keptOffNode},
	{"node-selector", notOnNode},
}

// absent knows objects of a kind, or of any, that are not there.
func absent(kind, means string) func(patient) (conclusion, bool) {
	return func(p patient) (conclusion, bool) {
		if p.missing.Kind == "" || kind != "" && p.missing.Kind != kind {
			return conclusion{}, false
		}
		return conclusion{fmt.Sprintf("%s is not in the cluster: %s", p.missing, means), "run fitout apply", may}, true
	}
}

// leavingSince is since when an object is being deleted; empty where it is not.
func (p patient) leavingSince() string {
	if p.object == nil || p.object.GetDeletionTimestamp() == nil {
		return ""
	}
	return p.object.GetDeletionTimestamp().UTC().Format(time.RFC3339)
}

// stuckNamespace knows namespaces that do not go, and says what is left in them. The conditions are those of the namespace
// controller (Kubernetes, pkg/controller/namespace/deletion).
func stuckNamespace(p patient) (conclusion, bool) {
	since := p.leavingSince()
	if since == "" || p.object.GetKind() != "Namespace" {
		return conclusion{}, false
	}
	var left []string
	for _, kind := range []corev1.NamespaceConditionType{
		corev1.NamespaceDeletionDiscoveryFailure, corev1.NamespaceDeletionGVParsingFailure, corev1.NamespaceDeletionContentFailure,
		corev1.NamespaceFinalizersRemaining, corev1.NamespaceContentRemaining,
	} {
		if c := conditionOf(p.object, string(kind)); c["status"] == "True" {
			left = append(left, line(text(c["message"])))
		}
	}
	if len(left) == 0 {
		return conclusion{}, false
	}
	return conclusion{
		fmt.Sprintf("namespace %s is being deleted since %s and does not go: %s", p.object.GetName(), since, some(left)),
		"remove what is left in it, or make what removes it work, then run fitout apply", may,
	}, true
}

// held knows objects that are being deleted and wait for those who have put finalizers on them.
func held(p patient) (conclusion, bool) {
	since := p.leavingSince()
	if since == "" || len(p.object.GetFinalizers()) == 0 {
		return conclusion{}, false
	}
	return conclusion{
		fmt.Sprintf("%s is being deleted since %s and held by its finalizers: %s", p.id(), since, some(p.object.GetFinalizers())),
		"see why what has put them there does not remove them, then run fitout apply", may,
	}, true
}

// selectsNothing knows Services that no pod is behind.
func selectsNothing(p patient) (conclusion, bool) {
	service := p.object
	if service != nil && service.GetKind() == "APIService" && conditionOf(service, "Available")["status"] != "True" {
		service = p.s.serviceOf(service)
	}
	if service == nil || service.GetKind() != "Service" || len(podSelector(service)) == 0 || len(p.s.podsBehind(service)) > 0 {
		return conclusion{}, false
	}
	return conclusion{
		fmt.Sprintf("no pod has the labels %s, by which %s selects its pods", labels.FormatLabels(podSelector(service)), manifest.IDOf(service)),
		"see whether its workload has pods, and run fitout apply where its selector was changed", may,
	}, true
}

// keptOffNode knows nodes that a taint keeps the pods of a DaemonSet off.
func keptOffNode(p patient) (conclusion, bool) {
	_, refused, _ := p.awaited()
	at := slices.IndexFunc(refused, func(r refusal) bool { return r.node.Name == p.node.Name })
	if at < 0 {
		return conclusion{}, false
	}
	return conclusion{fmt.Sprintf("%s has no pod on node %s: %s", p.id(), p.node.Name, refused[at]), tolerate, may}, true
}

// notOnNode knows nodes that a DaemonSet does not choose.
func notOnNode(p patient) (conclusion, bool) {
	nodes, _, ok := p.awaited()
	if !ok || slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return n.Name == p.node.Name }) {
		return conclusion{}, false
	}
	return conclusion{
		fmt.Sprintf("%s has no pod on node %s, which its node selector or affinity does not match", p.id(), p.node.Name),
		"label the node, or change the node selector", may,
	}, true
}

// scaledDown knows workloads that are to have no pod.
func scaledDown(p patient) (conclusion, bool) {
	if p.row.Trail == nil || p.object == nil || p.pod != nil || p.object.GetKind() != "Deployment" && p.object.GetKind() != "StatefulSet" || replicas(p.object) > 0 {
		return conclusion{}, false
	}
	return conclusion{fmt.Sprintf("somebody has scaled %s to 0", p.id()), "run fitout apply", may}, true
}

// podless knows suspects that have no pod, for no reason that anything gives.
func podless(p patient) (conclusion, bool) {
	if p.row.Trail == nil || p.object == nil || p.pod != nil || !makesPods(p.object) {
		return conclusion{}, false
	}
	where := ""
	if p.node != nil {
		where = " on node " + p.node.Name
	}
	return conclusion{fmt.Sprintf("%s has no pod%s", p.id(), where), "see whether kube-controller-manager runs, and " + describe(p.object), may}, true
}

// awaited returns the nodes that a DaemonSet chooses, where a pod of it is missing on a certain one.
func (p patient) awaited() (nodes []*corev1.Node, refused []refusal, ok bool) {
	if p.object == nil || p.object.GetKind() != "DaemonSet" || p.pod != nil || p.node == nil {
		return nil, nil, false
	}
	template, err := podTemplate(p.object)
	if err != nil {
		return nil, nil, false
	}
	nodes, refused = p.s.eligible(template.PodTemplateSpec)
	return nodes, refused, true
}
