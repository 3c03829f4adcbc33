package observed

import (
	"regexp"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// What a kubelet says of its node if the container runtime, or the pod network, is not ready.
const (
	RuntimeUnready = `container runtime is down|PLEG is not healthy|runtime service failed`
	NetworkUnready = `cni plugin not initialized|cni config uninitialized|network plugin is not ready|NetworkPluginNotReady|NetworkReady=false`
)

// nodeGrace is for how long a node may be not ready, or cordoned, before gates go on without it: as long as the node
// controller waits for a kubelet (kube-controller-manager, --node-monitor-grace-period: 40 s, from Kubernetes 1.32 50 s).
const nodeGrace = 40 * time.Second

// awaitsNetwork is what a kubelet reports until the pod network of its node is set up (Kubernetes, pkg/kubelet/runtime.go:
// "container runtime network not ready"; the rest is what container runtimes say, from Kubernetes 1.16 on). Such a node
// is not out: before the CNI runs, no node is ready.
var awaitsNetwork = regexp.MustCompile(NetworkUnready)

// runtimeDown is what a kubelet reports if its container runtime does not answer, also beside the missing network
// (Kubernetes, pkg/kubelet/runtime.go and pkg/kubelet/pleg).
var runtimeDown = regexp.MustCompile(RuntimeUnready)

// leavingTaints are on nodes from which pods are being taken, since the machine goes or is already off.
var leavingTaints = []string{
	"ToBeDeletedByClusterAutoscaler",              // Cluster Autoscaler, utils/taints
	"karpenter.sh/disrupted",                      // Karpenter 1.0 and later
	"karpenter.sh/disruption",                     // Karpenter until 1.0
	"node.kubernetes.io/out-of-service",           // set by people: the node is shut down (Kubernetes 1.24 and later)
	"node.cloudprovider.kubernetes.io/shutdown",   // cloud-controller-manager: the instance is shut down
	"cloud.google.com/impending-node-termination", // GKE: a preemptible machine goes
}

// An outage is why a node does not take part in a run. A certain one counts at once.
type outage struct {
	why     string
	certain bool
}

// outageOf returns the outage of a node, if any.
//
// No time of another machine is compared with the clock of this one, so that a wrong clock does not make a live node dead:
// Unknown is the node controller's own verdict, once its grace period has passed, and a kubelet that reports a fault
// writes both since when and until when it has done so.
func outageOf(n *corev1.Node) (outage, bool) {
	ready := NodeCondition(n, corev1.NodeReady)
	ok, why := NodeReady(n)
	leaving := slices.IndexFunc(n.Spec.Taints, func(t corev1.Taint) bool { return slices.Contains(leavingTaints, t.Key) })
	switch {
	case n.DeletionTimestamp != nil:
		return outage{"is being deleted", true}, true
	case ready.Status == corev1.ConditionUnknown:
		return outage{"is not ready: " + why, true}, true
	case leaving >= 0:
		return outage{"has the taint " + n.Spec.Taints[leaving].ToString(), true}, true
	case n.Spec.Unschedulable:
		return outage{"is cordoned", false}, true
	case ok, awaitsNetwork.MatchString(why) && !runtimeDown.MatchString(why):
		return outage{}, false
	}
	return outage{"is not ready: " + why, ready.LastHeartbeatTime.Sub(ready.LastTransitionTime.Time) >= nodeGrace}, true
}

// isOut reports whether a node does not take part, or may turn out not to.
func isOut(n *corev1.Node) bool {
	if n == nil {
		return false
	}
	_, out := outageOf(n)
	return out
}

// Outages remembers, for one run, since when it has seen that a node does not take part. The zero value is ready for use.
type Outages struct {
	since map[string]time.Time // by the name of the node
}

// Out returns the nodes that gates do not wait for, by name, and why: those that are being deleted or drained, that
// nobody has heard of, and that have been cordoned or not ready for 40 s. It is to be called with every look, now being
// the time of this machine.
func (o *Outages) Out(nodes []corev1.Node, now time.Time) map[string]string {
	seen, out := map[string]time.Time{}, map[string]string{}
	for i := range nodes {
		found, is := outageOf(&nodes[i])
		if !is {
			continue
		}
		name := nodes[i].Name
		if seen[name] = now; !o.since[name].IsZero() {
			seen[name] = o.since[name]
		}
		if found.certain || now.Sub(seen[name]) >= nodeGrace {
			out[name] = found.why
		}
	}
	o.since = seen
	return out
}
