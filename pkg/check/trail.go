package check

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// WithinNode reports whether a path never leaves its node.
func (l FailedPath) WithinNode() bool {
	return l.To != nil && len(l.To.Nodes) == 1 && l.To.Nodes[0] == l.From
}

// Overlaps reports whether one of the nodes is among others.
func (e *Destination) Overlaps(others *Destination) bool {
	return e != nil && others != nil && slices.ContainsFunc(others.Nodes, func(n string) bool { return e.set[n] })
}

// A Trail is what leads from an unmet probe to its cause.
type Trail struct {
	Seen     string    // the first failure: from where, to what, and how it failed
	Suspects []Suspect // in the order in which one looks at them
	Failed   []FailedPath
	Hung     []HungAgent
	// PodsProbe is the probe that reaches the same pods without a Service address, and ServiceProbe the one that is unmet as well
	// where that address is the cause; empty where there are none.
	PodsProbe, ServiceProbe string
}

// A HungAgent is an agent that runs, and did not answer in time.
type HungAgent struct {
	Node           string
	Namespace, Pod string
	Detail         string // what was not answered
}

// A Suspect is an object that an unmet row rests on.
type Suspect struct {
	Object manifest.ID
	Node   string // on which it matters; empty where any of its pods will do
	Part   string // what it does for the row
}

// A FailedPath is what was asked in vain: from a node, of something that is on one of the others, or on none.
type FailedPath struct {
	From string
	To   *Destination
}

// Destination are the nodes to one of which something leads. All who ask one address share them.
type Destination struct {
	Nodes []string
	set   map[string]bool
}

// NewDestination returns the destination of what leads to one of the nodes.
func NewDestination(nodes ...string) *Destination {
	e := &Destination{Nodes: nodes, set: make(map[string]bool, len(nodes))}
	for _, n := range nodes {
		e.set[n] = true
	}
	return e
}

// MostNodes bounds the nodes that are looked at for one row: those with the most failures.
const MostNodes = 3

// SourceNodes returns the nodes that most of the paths begin on.
func SourceNodes(paths []FailedPath) []string {
	count := map[string]int{}
	for _, l := range paths {
		count[l.From]++
	}
	return mostFailing(count)
}

// DestinationNodes returns the nodes that most of the paths lead to.
func DestinationNodes(paths []FailedPath) []string {
	times := map[*Destination]int{}
	for _, l := range paths {
		if l.To != nil {
			times[l.To]++
		}
	}
	count := map[string]int{}
	for to, n := range times {
		for _, node := range to.Nodes {
			count[node] += n
		}
	}
	return mostFailing(count)
}

// mostFailing returns the first few nodes, those with the most failures first.
func mostFailing(count map[string]int) []string {
	delete(count, "")
	nodes := slices.SortedFunc(maps.Keys(count), func(a, b string) int { return cmp.Or(count[b]-count[a], cmp.Compare(a, b)) })
	return nodes[:min(len(nodes), MostNodes)]
}

// String says which object, where.
func (x Suspect) String() string {
	if x.Node == "" {
		return x.Object.String()
	}
	return fmt.Sprintf("%s on node %s", x.Object, x.Node)
}
