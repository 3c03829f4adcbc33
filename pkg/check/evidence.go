package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// EvidenceRequest are what Explain wants to know besides a snapshot to tell why something is unmet. A good cluster is asked none.
type EvidenceRequest struct {
	Events []string // namespaces whose warnings are wanted, sorted
	Logs   []LogRequest
	Pods   bool // all pods of the cluster: who holds a port, what is requested of a node
	// Webhooks asks for the configurations of admission webhooks: which one keeps pods from being created.
	Webhooks bool
}

// LogRequest names the log of a container: of the one that runs, or of the one before.
type LogRequest struct {
	Namespace, Pod, Container string
	Previous                  bool
}

// A Log is the end of a container's log, or why it cannot be read.
type Log struct {
	Text, Error string
}

// Evidence are the answers to Questions. What could not be asked is in Missing, with the reason.
type Evidence struct {
	Events []corev1.Event
	Logs   map[LogRequest]Log
	Pods   []corev1.Pod
	// Webhooks are ValidatingWebhookConfigurations and MutatingWebhookConfigurations.
	Webhooks    []*manifest.Object
	Unavailable []string
}

// nodeEvents is the namespace in which events of nodes are.
const nodeEvents = "default"

// EvidenceFor returns what is to be asked to explain the rows that are unmet.
func EvidenceFor(s Snapshot, rows []Row) EvidenceRequest {
	s = s.Indexed()
	var q request
	for _, row := range Unmet(rows) {
		p, ok := findSubject(s, row)
		switch {
		case ok:
			q.about(p)
		case row.Trail != nil:
			for _, p := range readySuspects(s, row) {
				q.log(p)
			}
		}
	}
	slices.Sort(q.Events)
	q.Events = slices.Compact(q.Events)
	return q.EvidenceRequest
}

// A request is made of what each row wants to know.
type request struct{ EvidenceRequest }

// about asks what explains a patient.
func (q *request) about(p subject) {
	q.Pods = q.Pods || p.pod != nil && UnschedulableReason(p.pod) != ""
	q.Webhooks = q.Webhooks || p.pod == nil && p.object != nil && MakesPods(p.object)
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

// MakesPods reports whether an object is of a kind that pods are created for.
func MakesPods(o *manifest.Object) bool {
	return slices.Contains([]string{"DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Job"}, o.GetKind())
}

// log asks for the log of a patient once, where there is one.
func (q *request) log(p subject) {
	if log, ok := p.wantedLog(); ok && !slices.Contains(q.Logs, log) {
		q.Logs = append(q.Logs, log)
	}
}

// wantedLog names the log that tells why a container is not ready: where it has crashed, that of the one before. A node
// that is gone is not asked.
func (p subject) wantedLog() (LogRequest, bool) {
	c := p.container
	if c == nil || p.node == nil || NodeUnreachable(p.node) {
		return LogRequest{}, false
	}
	before := c.LastTerminationState.Terminated
	if c.State.Running == nil && c.State.Terminated == nil && before == nil {
		return LogRequest{}, false // it has never run
	}
	previous := before != nil && !c.Ready && c.State.Terminated == nil && (c.State.Running == nil || before.ExitCode != 0)
	return LogRequest{Namespace: p.pod.Namespace, Pod: p.pod.Name, Container: c.Name, Previous: previous}, true
}

// log is what is known of the container's log.
func (p subject) log() Log {
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
