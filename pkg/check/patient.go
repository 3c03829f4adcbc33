package check

import (
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// A patient is what an unmet row is explained by: an object, the first pod of it that is not ready, the container in
// trouble and the node. What there is none of is nil.
type patient struct {
	s         Snapshot
	object    *manifest.Object
	pod       *corev1.Pod
	container *corev1.ContainerStatus
	node      *corev1.Node
}

// patient finds what a row is explained by. Rows that say all there is to say have none.
func (s Snapshot) patient(row Row) (patient, bool) {
	p := patient{s: s}
	switch {
	case row.About.Kind == "Node":
		p.node = s.node(row.About.Name)
		return p, p.node != nil
	case s.Objects[row.About] == nil:
		return p, false
	}
	p.object = s.Objects[row.About]
	if p.pod = s.sickPod(p.object); p.pod != nil {
		p.container = sickContainer(p.pod)
		p.node = s.node(p.pod.Spec.NodeName)
	}
	return p, true
}

func (s Snapshot) node(name string) *corev1.Node {
	if i := slices.IndexFunc(s.Nodes, func(n corev1.Node) bool { return n.Name == name }); i >= 0 {
		return &s.Nodes[i]
	}
	return nil
}

// sickPod returns the pod that a workload's row names as the cause, or nil where none can be created.
func (s Snapshot) sickPod(o *manifest.Object) *corev1.Pod {
	if o.GetKind() == "Pod" {
		var p corev1.Pod
		if runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &p) != nil {
			return nil
		}
		return &p
	}
	template, err := podTemplate(o)
	if err != nil || template.Selector == nil || conditionOf(o, "ReplicaFailure")["status"] == "True" {
		return nil
	}
	pods := s.podsOf(o.GetNamespace(), template.Selector)
	if o.GetKind() == "DaemonSet" {
		nodes, _ := s.eligible(template.PodTemplateSpec)
		if missing := without(pods, nodes); len(missing) > 0 {
			pods = onOrToward(pods, missing)
		}
	}
	coming, gone := unready(pods)
	if all := append(coming, gone...); len(all) > 0 {
		return &all[0]
	}
	return nil
}

// sickContainer returns the container that keeps a pod from being ready: one that does not run, or the first that runs
// and is not ready.
func sickContainer(p *corev1.Pod) *corev1.ContainerStatus {
	all := slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses)
	inits := len(p.Status.InitContainerStatuses)
	for i, c := range all {
		if reason, _ := containerTrouble(*p, c, i < inits); reason != "" {
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

// unscheduled is what the scheduler says of a pod that it finds no node for.
func unscheduled(p corev1.Pod) string {
	for _, c := range p.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	return ""
}

// ended is how the container ended the last time, or nil.
func (p patient) ended() *corev1.ContainerStateTerminated {
	switch {
	case p.container == nil:
		return nil
	case p.container.State.Terminated != nil:
		return p.container.State.Terminated
	}
	return p.container.LastTerminationState.Terminated
}

// started is when the container was started the last time, or zero.
func (p patient) started() time.Time {
	if p.container != nil && p.container.State.Running != nil {
		return p.container.State.Running.StartedAt.Time
	}
	if ended := p.ended(); ended != nil {
		return ended.StartedAt.Time
	}
	return time.Time{}
}

// crashes reports whether the container has ended with an error and does not run now.
func (p patient) crashes() bool {
	ended := p.ended()
	return ended != nil && ended.ExitCode != 0 && p.container.State.Running == nil
}

// waits returns why the container waits.
func (p patient) waits() corev1.ContainerStateWaiting {
	if p.container == nil || p.container.State.Waiting == nil {
		return corev1.ContainerStateWaiting{}
	}
	return *p.container.State.Waiting
}

// image is that of the container as the pod names it.
func (p patient) image() string {
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
