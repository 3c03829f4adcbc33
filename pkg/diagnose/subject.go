package diagnose

import (
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
)

// A subject is what an unmet row is explained by: an object, the first pod of it that is not ready, the container in
// trouble and the node. What there is none of is nil.
type subject struct {
	s         observed.Snapshot
	absent    manifest.ID // of an object that is not there
	object    *manifest.Object
	pod       *corev1.Pod
	container *corev1.ContainerStatus
	node      *corev1.Node
	row       check.Row // that is explained
	role      string    // what the object does for the row, where it is a suspect
}

func (p subject) forRow(row check.Row) subject {
	p.row = row
	return p
}

// subjectOf looks at an object, and at its pods on a node where that is given.
func subjectOf(s observed.Snapshot, o *manifest.Object, node string) subject {
	p := subject{s: s, object: o, node: s.Node(node)}
	if p.pod = unreadyPod(s, o, node); p.pod != nil {
		return p.withContainer()
	}
	if p.node == nil && o.GetKind() == "DaemonSet" {
		p.node = unreadyNodeWithoutPod(s, o)
	}
	return p
}

// unreadyNodeWithoutPod returns the first node that is not ready and has no ready pod of a DaemonSet, or nil.
func unreadyNodeWithoutPod(s observed.Snapshot, o *manifest.Object) *corev1.Node {
	template, err := observed.WorkloadOf(o)
	if err != nil {
		return nil
	}
	nodes, _ := s.EligibleNodes(template.PodTemplateSpec)
	for _, n := range observed.NodesWithoutReadyPod(s.PodsMatching(o.GetNamespace(), template.Selector), nodes) {
		if ok, _ := observed.NodeReady(n); !ok {
			return n
		}
	}
	return nil
}

// withContainer looks at the pod's container in trouble, and at its node.
func (p subject) withContainer() subject {
	p.container, p.node = failingContainer(p.pod), p.s.Node(observed.NodeFor(p.pod))
	return p
}

// unreadyPod returns the pod that is the cause why an object is not as it should be: one of a workload, on a node where that
// is given, or one behind a Service or an API. It is nil where none can be created.
func unreadyPod(s observed.Snapshot, o *manifest.Object, node string) *corev1.Pod {
	var pods []*corev1.Pod
	switch o.GetKind() {
	case "Pod":
		var p corev1.Pod
		if manifest.Into(o.Object, &p) != nil {
			return nil
		}
		return &p
	case "Service":
		pods = s.PodsBehind(o)
	case "APIService":
		if reason := observed.Condition(o, "Available")["reason"]; reason == "MissingEndpoints" || reason == "EndpointsNotFound" {
			pods = s.PodsBehind(s.ServiceOf(o))
		}
	default:
		if pods = podsOfWorkload(s, o); observed.Condition(o, "ReplicaFailure")["status"] == "True" {
			return nil
		}
	}
	if n := s.Node(node); n != nil {
		pods = observed.PodsForNodes(pods, []*corev1.Node{n})
	}
	coming, gone := s.UnreadyPods(pods)
	if all := append(coming, gone...); len(all) > 0 {
		return all[0]
	}
	return nil
}

// podsOfWorkload returns the pods of a workload; of a DaemonSet those on nodes that it has no ready one on.
func podsOfWorkload(s observed.Snapshot, o *manifest.Object) []*corev1.Pod {
	template, err := observed.WorkloadOf(o)
	if err != nil || template.Selector == nil {
		return nil
	}
	pods := s.PodsMatching(o.GetNamespace(), template.Selector)
	if o.GetKind() == "DaemonSet" {
		nodes, _ := s.EligibleNodes(template.PodTemplateSpec)
		if missing := observed.NodesWithoutReadyPod(pods, nodes); len(missing) > 0 {
			pods = observed.PodsForNodes(pods, missing)
		}
	}
	return pods
}

// failingContainer returns the container that keeps a pod from being ready: one that does not run, or the first that runs
// and is not ready.
func failingContainer(p *corev1.Pod) *corev1.ContainerStatus {
	all := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
	inits := len(p.Status.InitContainerStatuses)
	for i, c := range all {
		if reason, _ := observed.ContainerProblem(p, c, i < inits); reason != "" {
			return &all[i]
		}
	}
	for i, c := range all {
		if c.State.Running != nil && !c.Ready {
			return &all[i]
		}
	}
	return nil
}

// ended is how the container ended the last time, or nil.
func (p subject) ended() *corev1.ContainerStateTerminated {
	switch {
	case p.container == nil:
		return nil
	case p.container.State.Terminated != nil:
		return p.container.State.Terminated
	}
	return p.container.LastTerminationState.Terminated
}

// started is when the container was started the last time, or zero.
func (p subject) started() time.Time {
	if p.container != nil && p.container.State.Running != nil {
		return p.container.State.Running.StartedAt.Time
	}
	if ended := p.ended(); ended != nil {
		return ended.StartedAt.Time
	}
	return time.Time{}
}

// crashes reports whether the container has ended with an error and does not run now.
func (p subject) crashes() bool {
	ended := p.ended()
	return ended != nil && ended.ExitCode != 0 && p.container.State.Running == nil
}

// waits returns why the container waits.
func (p subject) waits() corev1.ContainerStateWaiting {
	if p.container == nil || p.container.State.Waiting == nil {
		return corev1.ContainerStateWaiting{}
	}
	return *p.container.State.Waiting
}

// image is that of the container as the pod names it.
func (p subject) image() string {
	if p.container == nil {
		return ""
	}
	for _, c := range slices.Concat(p.pod.Spec.InitContainers, p.pod.Spec.Containers) {
		if c.Name == p.container.Name && c.Image != "" {
			return c.Image
		}
	}
	return p.container.Image
}

// hashed reports whether a name is another with a hash behind it.
func hashed(name, withHash string) bool {
	hash, ok := strings.CutPrefix(withHash, name+"-")
	return ok && hash != "" && !strings.Contains(hash, "-")
}
