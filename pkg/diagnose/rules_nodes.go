package diagnose

import (
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// badConditions says those of a node's conditions that are not as they should be: Ready is to be true, others are not.
func badConditions(n *corev1.Node) []string {
	var bad []string
	for _, c := range n.Status.Conditions {
		if (c.Type == corev1.NodeReady) == (c.Status == corev1.ConditionTrue) && c.Status != corev1.ConditionUnknown || c.Type != corev1.NodeReady && c.Status == corev1.ConditionUnknown {
			continue
		}
		bad = append(bad, fmt.Sprintf("%s is %s since %s (%s: %s)", c.Type, c.Status, since(c), c.Reason, printable.Short(c.Message)))
	}
	return bad
}

func since(c corev1.NodeCondition) string { return c.LastTransitionTime.UTC().Format(time.RFC3339) }

// nodeGone matches pods whose node is no longer there.
func nodeGone(p subject) (match, bool) {
	if p.pod == nil || p.pod.Spec.NodeName == "" || p.node != nil {
		return match{}, false
	}
	return match{fmt.Sprintf("pod %s is on node %s, which is gone", p.pod.Name, p.pod.Spec.NodeName), "delete the pod", neverTerminal}, true
}

// nodeStopped matches nodes that have stopped.
func nodeStopped(p subject) (match, bool) {
	if p.node == nil || !observed.NodeUnreachable(p.node) {
		return match{}, false
	}
	ready := observed.NodeCondition(p.node, corev1.NodeReady)
	return match{
		explanation: fmt.Sprintf("node %s has not been heard of since %s: it has stopped, its kubelet has, or it does not reach the API server", p.node.Name, since(ready)),
		remedy:      "start the node or its kubelet, or delete the node",
	}, true
}

// evicted matches pods that a kubelet has ended or refused since its node runs short of something.
func evicted(p subject) (match, bool) {
	if p.pod == nil || p.pod.Status.Phase != corev1.PodFailed || p.pod.Status.Reason != "Evicted" {
		return match{}, false
	}
	return match{fmt.Sprintf("node %s has evicted pod %s: %s", p.pod.Spec.NodeName, p.pod.Name, p.pod.Status.Message), "free what the node runs short of", neverTerminal}, true
}

// unreadiness is why a node is not ready.
func unreadiness(p subject) string {
	if p.node == nil {
		return ""
	}
	_, why := observed.NodeReady(p.node)
	if observed.NodeCondition(p.node, corev1.NodeReady).Status == corev1.ConditionTrue {
		return ""
	}
	return why
}

func underPressure(kind corev1.NodeConditionType, what, remedy string) func(subject) (match, bool) {
	return func(p subject) (match, bool) {
		if p.node == nil || observed.NodeCondition(p.node, kind).Status != corev1.ConditionTrue {
			return match{}, false
		}
		c := observed.NodeCondition(p.node, kind)
		return match{fmt.Sprintf("node %s %s since %s (%s)", p.node.Name, what, since(c), printable.Short(c.Message)), remedy, neverTerminal}, true
	}
}
