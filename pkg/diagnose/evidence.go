package diagnose

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
)

// nodeEvents is the namespace in which events of nodes are.
const nodeEvents = "default"

// A request is made of what each row wants to know.
type request struct{ observed.EvidenceRequest }

// about asks for what explains a subject.
func (q *request) about(p subject) {
	q.Pods = q.Pods || p.pod != nil && observed.UnschedulableReason(p.pod) != ""
	q.Webhooks = q.Webhooks || p.pod == nil && p.object != nil && observed.MakesPods(p.object)
	switch {
	case p.pod != nil:
		q.Events = append(q.Events, p.pod.Namespace)
	case p.object != nil && p.object.GetNamespace() != "":
		q.Events = append(q.Events, p.object.GetNamespace())
	case p.object == nil && p.node != nil:
		q.Events = append(q.Events, nodeEvents)
	}
	q.log(p)
}

// log asks for the log of a subject once, where there is one.
func (q *request) log(p subject) {
	if log, ok := p.wantedLog(); ok && !slices.Contains(q.Logs, log) {
		q.Logs = append(q.Logs, log)
	}
}

// wantedLog names the log that tells why a container is not ready: where it has crashed, that of the one before. A node
// that is gone is not asked.
func (p subject) wantedLog() (observed.LogRequest, bool) {
	c := p.container
	if c == nil || p.node == nil || observed.NodeUnreachable(p.node) {
		return observed.LogRequest{}, false
	}
	before := c.LastTerminationState.Terminated
	if c.State.Running == nil && c.State.Terminated == nil && before == nil {
		return observed.LogRequest{}, false // it has never run
	}
	previous := before != nil && !c.Ready && c.State.Terminated == nil && (c.State.Running == nil || before.ExitCode != 0)
	return observed.LogRequest{Namespace: p.pod.Namespace, Pod: p.pod.Name, Container: c.Name, Previous: previous}, true
}

// log is what is known of the container's log.
func (p subject) log() observed.Log {
	of, _ := p.wantedLog()
	return p.s.Evidence.Logs[of]
}

// events are those of the pod, or where there is none those of the object and of what it creates pods through, or of the
// node.
func (p subject) events() []corev1.Event {
	var events []corev1.Event
	for i := range p.s.Evidence.Events {
		if e := &p.s.Evidence.Events[i]; p.concerns(e.InvolvedObject) {
			events = append(events, *e)
		}
	}
	return events
}

func (p subject) concerns(o corev1.ObjectReference) bool {
	switch {
	case p.pod != nil:
		return o.Kind == "Pod" && o.Namespace == p.pod.Namespace && o.Name == p.pod.Name && (o.UID == "" || o.UID == p.pod.UID)
	case p.object != nil:
		return o.Namespace == p.object.GetNamespace() && (o.Kind == p.object.GetKind() && o.Name == p.object.GetName() || p.creates(o))
	}
	return p.node != nil && o.Kind == "Node" && o.Name == p.node.Name
}

// creates reports whether an object is a ReplicaSet of a Deployment; its name is the Deployment's with a hash.
func (p subject) creates(o corev1.ObjectReference) bool {
	return p.object.GetKind() == "Deployment" && o.Kind == "ReplicaSet" && hashed(p.object.GetName(), o.Name)
}

func (p subject) id() manifest.ID {
	switch {
	case p.object != nil:
		return manifest.IDOf(p.object)
	case p.pod != nil:
		return manifest.ID{Kind: "Pod", Namespace: p.pod.Namespace, Name: p.pod.Name}
	case p.node != nil:
		return manifest.ID{Kind: "Node", Name: p.node.Name}
	}
	return p.absent
}
