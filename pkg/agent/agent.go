// Package agent understands what the agents of pod networks say of themselves: the answers of commands in their containers,
// and what they write on their Node. It judges nothing but these texts; whom to ask, and how, is the business of its callers.
package agent

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// An Output is what a command in an agent's container printed before it ended.
type Output struct {
	Text   string // standard output
	Errors string // standard error
	Exit   int    // exit code
}

// A Subject is where an agent runs, as the API server has it.
type Subject struct {
	Node  corev1.Node
	Pod   corev1.Pod
	Peers []string // names of the nodes that have such an agent, its own among them
}

// A Status is what an agent says of itself.
type Status struct {
	// Summary is the gist of it in a few words, whether it is well or not; it may be empty.
	Summary string
	Faults  []Fault
	// Unread is what it says that is not understood. Without faults, such an agent is not known to be well.
	Unread []string
	// Text is all of it for people, in lines, as users of the agent know it.
	Text string
}

// A Fault is one thing that is wrong by the agent's own account.
type Fault struct {
	Severe bool // it does not do its work; otherwise it does so in part
	Text   string
}

func (s *Status) fault(severe bool, format string, args ...any) {
	s.Faults = append(s.Faults, Fault{severe, strings.Join(strings.Fields(fmt.Sprintf(format, args...)), " ")})
}

// Well reports whether there is nothing against the agent, and nothing that might be.
func (s Status) Well() bool { return len(s.Faults) == 0 && len(s.Unread) == 0 }

// Severe reports whether the agent does not do its work.
func (s Status) Severe() bool {
	return slices.ContainsFunc(s.Faults, func(f Fault) bool { return f.Severe })
}

// readers are the formats that addon.yaml has names for. Each gets the outputs in the order of the commands.
var readers = map[string]func(s Subject, outputs []Output) Status{
	"calico":  calico,
	"cilium":  cilium,
	"flannel": flannel,
	"weave":   weave,
}

// Formats names the formats, sorted.
func Formats() []string { return slices.Sorted(maps.Keys(readers)) }

// Read understands what the agent of a node answered.
func Read(format string, s Subject, outputs []Output) Status {
	read, most := readers[format], longestText
	switch {
	case read == nil:
		return Status{Unread: []string{"answers of the format " + format}}
	case format == "cilium":
		most = longestOutput + 1 // the decoder says what is too long
	}
	return read(s, bounded(outputs, most)).bounded()
}

// all is everything that commands printed.
func all(outputs []Output) string {
	var text strings.Builder
	for _, o := range outputs {
		for _, part := range []string{o.Text, o.Errors} {
			if part = strings.TrimRight(part, "\n "); part != "" {
				text.WriteString(part + "\n")
			}
		}
	}
	return text.String()
}

// ended says how a command ended that did not end well: exit code 1: cat: can't open '/run/flannel/subnet.env'.
func (o Output) ended() string {
	return fmt.Sprintf("exit code %d: %s", o.Exit, all([]Output{o}))
}

// at returns the output of the i-th command; one that was not asked printed nothing.
func at(outputs []Output, i int) Output {
	if i < len(outputs) {
		return outputs[i]
	}
	return Output{}
}

// network judges the condition by which an agent tells the cluster that its node is connected. Where nobody sets it, there
// is nothing to say.
func (s *Status) network(node corev1.Node) {
	for _, c := range node.Status.Conditions {
		if c.Type == corev1.NodeNetworkUnavailable && c.Status != corev1.ConditionFalse {
			s.fault(true, "the node's condition NetworkUnavailable is %s (%s: %s)", c.Status, c.Reason, c.Message)
		}
	}
}

// announced judges the address at which an agent tells the others to reach its node. One that the Node does not have may be
// that of an interface that the API server does not know of.
func (s *Status) announced(node corev1.Node, annotation, address string) {
	ip, err := netip.ParseAddr(address)
	switch {
	case err != nil:
		s.fault(true, "the node's annotation %s is %q, which is no address", annotation, address)
	case !slices.ContainsFunc(node.Status.Addresses, func(a corev1.NodeAddress) bool {
		own, err := netip.ParseAddr(a.Address)
		return err == nil && own == ip
	}):
		s.fault(false, "the others are told to reach it at %s (annotation %s), which is none of the node's addresses", ip, annotation)
	}
}
