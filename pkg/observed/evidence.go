package observed

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// LastSeen is when an event happened the last time; components set one of three fields.
func LastSeen(e corev1.Event) time.Time {
	last := e.LastTimestamp.Time
	if e.EventTime.After(last) {
		last = e.EventTime.Time
	}
	if e.Series != nil && e.Series.LastObservedTime.After(last) {
		last = e.Series.LastObservedTime.Time
	}
	return last.UTC()
}

// An EvidenceRequest is what the diagnosis of unmet rows needs besides a snapshot. It is empty for a good cluster.
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
