package check

import (
	"fmt"
	"time"
)

// Unexplained is the cause of a row that nothing in the cluster explains.
const Unexplained = "unexplained"

// A Digest is what is to be known of an unmet row: where it began, what was seen there, and what it likely comes from.
type Digest struct {
	Cause       string `json:"cause,omitempty"` // a name of the likely cause, such as image-unreachable; docs/report.md lists them
	Explanation string `json:"explanation,omitempty"`
	Remedy      string `json:"remedy,omitempty"`
	// Terminal says that the cause does not pass by itself, and After for how long it must have been seen for that.
	Terminal bool          `json:"terminal,omitempty"`
	After    time.Duration `json:"-"`

	Object     string   `json:"object"`
	Part       string   `json:"part,omitempty"` // what the object does for a probe that is unmet
	Pod        string   `json:"pod,omitempty"`  // namespace/name
	Container  string   `json:"container,omitempty"`
	Node       string   `json:"node,omitempty"`
	State      string   `json:"state,omitempty"`
	Conditions []string `json:"conditions,omitempty"` // of the node: those that are not as they should be
	Events     []Event  `json:"events,omitempty"`     // warnings, the last first
	// TerminationMessage is the end of what the container left when it ended, if that has several lines: the State has one.
	TerminationMessage []string `json:"terminationMessage,omitempty"`
	Log                []string `json:"log,omitempty"`     // the end of the container's log, of the one before where it has crashed
	Missing            []string `json:"missing,omitempty"` // what could not be asked
}

// An Event is what a component said of an object, however often.
type Event struct {
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count"`
	Last    time.Time `json:"last"`
}

// Lines says the digest for people.
func (d *Digest) Lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	if d.Cause != "" {
		add("%s: %s", d.Cause, d.Explanation)
		add("remedy: %s", d.Remedy)
	}
	if d.Part != "" {
		add("%s %s", d.Object, d.Part)
	}
	if d.Pod != "" {
		add("pod %s: %s", d.Pod, d.State)
	}
	for _, c := range d.Conditions {
		add("node %s: %s", d.Node, c)
	}
	for _, e := range d.Events {
		add("event %s (%d times, last %s): %s", e.Reason, e.Count, e.Last.Format(time.RFC3339), e.Message)
	}
	for _, l := range d.TerminationMessage {
		add("termination message: %s", l)
	}
	for _, l := range d.Log {
		add("log: %s", l)
	}
	for _, m := range d.Missing {
		add("not known: %s", m)
	}
	return lines
}
