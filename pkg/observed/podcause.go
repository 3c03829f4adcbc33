package observed

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// Cause returns why the first pod that is not ready is not, with what to do: it cannot be scheduled, a container cannot
// start, or one does not pass its probe. Pods that come to nothing more are the cause only where there are no others. It
// is empty where every pod is ready, or none exists.
func (s Snapshot) Cause(pods []*corev1.Pod) (cause, remedy string) {
	coming, gone := s.UnreadyPods(pods)
	for _, list := range [][]*corev1.Pod{coming, gone} {
		if len(list) > 0 {
			reason, remedy := s.PodCause(list[0])
			return fmt.Sprintf("pod %s: %s", list[0].Name, reason), remedy
		}
	}
	return "", ""
}

// UnreadyPods returns the pods that are not ready: those that may become so, and those that have failed (evicted ones stay
// until somebody deletes them) or are being deleted. Those on nodes that do not take part come last: they would hide
// everything else, and the check nodes tells of them.
func (s Snapshot) UnreadyPods(pods []*corev1.Pod) (coming, gone []*corev1.Pod) {
	var onOut []*corev1.Pod
	for _, p := range pods {
		switch {
		case PodReady(p) || p.Status.Phase == corev1.PodSucceeded:
		case p.Status.Phase == corev1.PodFailed || p.DeletionTimestamp != nil:
			gone = append(gone, p)
		case isOut(s.Node(NodeFor(p))):
			onOut = append(onOut, p)
		default:
			coming = append(coming, p)
		}
	}
	return append(coming, onOut...), gone
}

// CauseOnNodes returns why nodes have no ready pod of a DaemonSet: what the pods on them, or on their way to one, say.
//
// Nodes that do not take part are a cause only if there are no others.
func (s Snapshot) CauseOnNodes(nodes []*corev1.Node, pods []*corev1.Pod) (cause, remedy string) {
	if in := slices.DeleteFunc(slices.Clone(nodes), isOut); len(in) > 0 {
		nodes = in
	}
	var texts []string
	for _, n := range nodes {
		if ok, why := NodeReady(n); ok {
			texts = append(texts, n.Name)
		} else {
			texts = append(texts, fmt.Sprintf("%s, which is not ready (%s)", n.Name, why))
		}
	}
	if cause, remedy = s.Cause(PodsForNodes(pods, nodes)); cause != "" {
		return cause, remedy
	}
	return "no pod on node " + printable.FirstFew(texts), ""
}

// PodCause returns why a pod is not ready. A container's own trouble comes before that of its node: until the network of
// a node works the node is not ready, because of the pods of the network.
func (s Snapshot) PodCause(p *corev1.Pod) (reason, remedy string) {
	if p.DeletionTimestamp != nil {
		return fmt.Sprintf("is being deleted on node %s", p.Spec.NodeName), describePodCommand(p)
	}
	if n := s.Node(NodeFor(p)); p.Spec.NodeName == "" && n != nil && NodeUnreachable(n) {
		_, why := NodeReady(n)
		return fmt.Sprintf("is made for node %s, which is not ready (%s)", n.Name, why), "see the check nodes"
	}
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return "cannot be scheduled: " + printable.Short(c.Message), "change the nodes, or what the pod asks of them"
		}
	}
	containers := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
	inits := len(p.Status.InitContainerStatuses)
	for i, c := range containers {
		if reason, remedy := ContainerProblem(p, c, i < inits); reason != "" {
			return reason, remedy
		}
	}
	for i, c := range containers {
		switch {
		case c.State.Running == nil || c.Ready:
		case i < inits:
			return fmt.Sprintf("init container %s: has not finished%s", ContainerOnNode(p, c), restarts(c)), LogsCommand(p, c)
		default:
			return fmt.Sprintf("container %s: runs, but is not ready%s", ContainerOnNode(p, c), restarts(c)), LogsCommand(p, c)
		}
	}
	return s.podState(p, containers)
}

// ContainerProblem returns why a container does not run, or nothing where it does, is on its way, or is an init container
// that has done its work.
func ContainerProblem(p *corev1.Pod, c corev1.ContainerStatus, isInit bool) (reason, remedy string) {
	if ended := c.State.Terminated; ended != nil && (ended.ExitCode != 0 || !isInit) {
		return fmt.Sprintf("container %s: %s", ContainerOnNode(p, c), ExitText(ended)), LogsCommand(p, c)
	}
	waiting := c.State.Waiting
	switch {
	case waiting == nil || slices.Contains([]string{"", "ContainerCreating", "PodInitializing"}, waiting.Reason):
		return "", ""
	case waiting.Reason == "CrashLoopBackOff" && c.LastTerminationState.Terminated != nil: // its message says only how long it waits
		return fmt.Sprintf("container %s: CrashLoopBackOff%s", ContainerOnNode(p, c), restarts(c)), LogsCommand(p, c) + " --previous"
	case strings.Contains(waiting.Reason, "Image"):
		remedy = "make the image " + c.Image + " reachable from the node"
	case waiting.Reason == "CreateContainerConfigError":
		remedy = "create what the message names"
	default:
		remedy = describePodCommand(p)
	}
	return strings.TrimSuffix(fmt.Sprintf("container %s: %s: %s", ContainerOnNode(p, c), waiting.Reason, printable.Short(waiting.Message)), ": "), remedy
}

// ContainerOnNode says which container of which node.
func ContainerOnNode(p *corev1.Pod, c corev1.ContainerStatus) string {
	return c.Name + " on node " + p.Spec.NodeName
}

// restarts says how often a container has been restarted, and how it ended the last time.
func restarts(c corev1.ContainerStatus) string {
	if c.LastTerminationState.Terminated == nil {
		return ""
	}
	return fmt.Sprintf(", restarted %d times, %s", c.RestartCount, ExitText(c.LastTerminationState.Terminated))
}

// ExitText says how a container ended: exited with 1 (Error): message.
func ExitText(t *corev1.ContainerStateTerminated) string {
	s := fmt.Sprintf("exited with %d (%s)", t.ExitCode, t.Reason)
	if t.Message != "" {
		s += ": " + printable.Short(t.Message)
	}
	return s
}

// podState is what is left to say of a pod whose containers have no trouble of their own.
func (s Snapshot) podState(p *corev1.Pod, containers []corev1.ContainerStatus) (reason, remedy string) {
	state := string(p.Status.Phase)
	for _, c := range containers {
		if c.State.Waiting != nil && c.State.Waiting.Reason != "" {
			state += " (" + c.State.Waiting.Reason + ")"
			break
		}
	}
	switch node := s.Node(p.Spec.NodeName); {
	case p.Status.Phase == corev1.PodFailed:
		return strings.TrimRight(fmt.Sprintf("has failed on node %s: %s: %s", p.Spec.NodeName, p.Status.Reason, printable.Short(p.Status.Message)), ": "), describePodCommand(p)
	case p.Spec.NodeName == "":
		return "waits for the scheduler", "check that the scheduler runs"
	case node == nil:
		return fmt.Sprintf("is on node %s, which is gone", p.Spec.NodeName), "delete the pod"
	default:
		if ok, why := NodeReady(node); !ok {
			return fmt.Sprintf("is on node %s, which is not ready (%s)", p.Spec.NodeName, why), "see the check nodes"
		}
	}
	return fmt.Sprintf("is %s on node %s", state, p.Spec.NodeName), describePodCommand(p)
}

// LogsCommand is the command that prints the log of a container.
func LogsCommand(p *corev1.Pod, c corev1.ContainerStatus) string {
	return fmt.Sprintf("kubectl logs -n %s %s -c %s", p.Namespace, p.Name, c.Name)
}

func describePodCommand(p *corev1.Pod) string {
	return fmt.Sprintf("kubectl describe -n %s pod %s", p.Namespace, p.Name)
}
