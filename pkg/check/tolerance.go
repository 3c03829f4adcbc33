package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Tolerance is what a gate opens without. The zero value waits for everything.
type Tolerance struct {
	Out      map[string]string // nodes that it does not wait for, by name, and why: see Outages
	MinReady Share             // of the other nodes of a DaemonSet, and of the replicas of other workloads, that must be ready
}

// Tolerate marks those of a gate's rows that are unmet only for what is tolerated.
func Tolerate(rows []Row, s observed.Snapshot, t Tolerance) []Row {
	s = s.Indexed()
	rows = slices.Clone(rows)
	for i, row := range rows {
		live := s.Objects[row.About]
		if live == nil || row.Verdict != Degraded || live.GetDeletionTimestamp() != nil {
			continue
		}
		template, err := observed.WorkloadOf(live)
		if err != nil {
			continue
		}
		w := waitedFor{s, t, live, template}
		switch live.GetKind() {
		case "DaemonSet":
			rows[i].Tolerated = w.enoughNodes()
		case "Deployment", "StatefulSet", "ReplicaSet":
			rows[i].Tolerated = w.enoughReplicas()
		}
	}
	return rows
}

// waitedFor is a live workload that a gate waits for.
type waitedFor struct {
	observed.Snapshot
	Tolerance
	live     *manifest.Object
	template observed.Workload
}

func (w waitedFor) isOut(node string) bool { return w.Out[node] != "" }

// enoughNodes reports whether enough of the nodes that take part have a ready pod of the DaemonSet, of its newest revision
// as far as its controller goes on. If all nodes are out, there is nothing to go on with.
func (w waitedFor) enoughNodes() bool {
	nodes, _ := w.EligibleNodes(w.template.PodTemplateSpec)
	missing := observed.NodesWithoutReadyPod(w.PodsMatching(w.live.GetNamespace(), w.template.Selector), nodes)
	lacks := observed.NodeNames(missing)
	in := slices.DeleteFunc(slices.Clone(nodes), func(n *corev1.Node) bool {
		ready, _ := observed.NodeReady(n)
		return w.isOut(n.Name) && (lacks[n.Name] || !ready) // a cordoned one may have all that it should have
	})
	missingOut := slices.DeleteFunc(missing, func(n *corev1.Node) bool { return !w.isOut(n.Name) })
	missingIn := len(lacks) - len(missingOut)
	need := w.MinReady.of(len(in))
	if len(in) == 0 || len(in)-missingIn < need {
		return false
	}
	counted, blocked := expecting(w.live, need), w.blocked(len(nodes), len(missingOut))
	if blocked {
		counted = with(counted, "updatedNumberScheduled", w.number("desiredNumberScheduled", 0))
	}
	result, err := status.Compute(counted)
	return err == nil && result.Status == status.CurrentStatus && (blocked || w.updatedOn(in) >= need)
}

// updatedOn is how many nodes have a ready pod of the newest revision. The status counts those on nodes that are out, too.
func (w waitedFor) updatedOn(nodes []*corev1.Node) int {
	pods := w.PodsMatching(w.live.GetNamespace(), w.template.Selector)
	if newest, known := observed.NewestRevision(w.live, pods); known {
		pods = slices.DeleteFunc(pods, func(p *corev1.Pod) bool { return !newest(p) })
	}
	return len(nodes) - len(observed.NodesWithoutReadyPod(pods, nodes))
}

// blocked reports whether the controller of a DaemonSet replaces no more pods because of those that are missing on nodes
// that are out: they count as unavailable, and the update strategy lets no more be so (Kubernetes, pkg/controller/daemon/update.go).
func (w waitedFor) blocked(desired, missing int) bool {
	var set appsv1.DaemonSet
	strategy, _, _ := unstructured.NestedMap(w.live.Object, "spec", "updateStrategy")
	only := map[string]any{"spec": map[string]any{"updateStrategy": strategy}}
	if err := manifest.Into(only, &set); err != nil {
		return false
	}
	most := intstr.FromInt32(1) // the API server's default
	if rolling := set.Spec.UpdateStrategy.RollingUpdate; rolling != nil {
		most = *intstr.ValueOrDefault(rolling.MaxUnavailable, most)
	}
	limit, err := intstr.GetScaledValueFromIntOrPercent(&most, desired, true)
	return err == nil && limit > 0 && missing >= limit && !onDelete(w.live)
}

// enoughReplicas reports whether at least one replica is available, and those that are missing to the number that is
// needed are on nodes that are out, or find no other node. None may be left of an older revision.
func (w waitedFor) enoughReplicas() bool {
	generation, _, _ := unstructured.NestedInt64(w.live.Object, "metadata", "generation")
	if observed := w.number("observedGeneration", 0); observed < generation {
		return false
	}
	need, stuck := int64(w.MinReady.of(int(observed.Replicas(w.live)))), int64(0)
	coming, _ := w.UnreadyPods(w.PodsMatching(w.live.GetNamespace(), w.template.Selector))
	for _, p := range coming {
		if w.stuck(p) {
			stuck++
		}
	}
	all := w.number("replicas", 0)
	return all >= need && w.updated(all) == all && w.available() >= max(1, need-stuck)
}

// updated is how many of all replicas are of the newest revision. API servers leave out a number that is 0, so one that is not
// there is none, but for kinds that have no such number.
func (w waitedFor) updated(all int64) int64 {
	if w.live.GetKind() == "ReplicaSet" || w.live.GetKind() == "StatefulSet" && onDelete(w.live) {
		return all // it replaces no pods
	}
	return w.number("updatedReplicas", 0)
}

// available is how many replicas are available. StatefulSets have that number from Kubernetes 1.22 on.
func (w waitedFor) available() int64 {
	if w.live.GetKind() == "StatefulSet" {
		return w.number("availableReplicas", w.number("readyReplicas", 0))
	}
	return w.number("availableReplicas", 0)
}

// number is one in the status of the workload, or another if it is not there.
func (w waitedFor) number(name string, otherwise int64) int64 {
	n, found, err := unstructured.NestedInt64(w.live.Object, "status", name)
	if err != nil || !found {
		return otherwise
	}
	return n
}

// stuck reports whether a pod is not ready because of a node that is out or gone: it is there, or it could be there and
// the scheduler finds no other node.
func (w waitedFor) stuck(p *corev1.Pod) bool {
	if p.Spec.NodeName != "" {
		return w.isOut(p.Spec.NodeName) || w.Node(p.Spec.NodeName) == nil
	}
	if observed.UnschedulableReason(p) == "" {
		return false
	}
	nodes, _ := w.FittingNodes(p.Spec, append(observed.DaemonTolerations(true), p.Spec.Tolerations...))
	return slices.ContainsFunc(nodes, func(n *corev1.Node) bool { return w.isOut(n.Name) })
}
