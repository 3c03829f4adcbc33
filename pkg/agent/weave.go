package agent

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// weave reads `weave --local status` and `weave --local status connections` (Weave Net 2.6, prog/weaver/status.go).
func weave(subject Subject, outputs []Output) Status {
	s := Status{Text: all(outputs)}
	for _, o := range outputs {
		if o.Exit != 0 {
			s.fault(true, "the agent does not answer: %s", o.ended())
			return s
		}
	}
	s.ipam(at(outputs, 0).Text)
	established := s.connections(at(outputs, 1).Text)
	s.Summary = fmt.Sprintf("%d connections", len(established))
	if len(established) >= weaveLimit {
		return s
	}
	for _, node := range subject.Peers {
		if _, connected := slices.BinarySearch(established, node); node == subject.Node.Name || connected {
			continue
		}
		if len(s.Faults) > mostFaults {
			break // of thousands of peers
		}
		s.fault(false, "it has no connection to %s", node)
	}
	return s
}

// weaveLimit is from how many connections on an agent may leave some to others: 100 without CONN_LIMIT (Weave Net 2.6).
const weaveLimit = 100

// ipam judges the service that gives addresses to pods. Idle is one of which none was asked yet.
func (s *Status) ipam(text string) {
	state, service := "", ""
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), ":")
		switch value = strings.TrimSpace(value); {
		case key == "Service":
			service = value
		case key == "Status" && service == "ipam":
			state = value
		}
	}
	switch state {
	case "ready", "idle":
	case "":
		s.Unread = append(s.Unread, "the status of the service ipam, which is missing")
	default:
		s.fault(true, "no pod gets an address: IPAM is %s", state)
	}
}

// connection is a line of `weave status connections`:
//
//	-> 192.0.2.12:6783       established fastdp 7a:2b:59:61:11:25(node-2) mtu=1376
//	-> 192.0.2.13:6783       retrying    dial tcp4 :0->192.0.2.13:6783: connect: connection refused
var connection = regexp.MustCompile(`^(?:->|<-) (\S+)\s+(established|connecting|pending|retrying|failed)\s+(.*)$`)

// peer is the other end of a connection, by the name that its agent was given: the node's.
var peer = regexp.MustCompile(`[0-9a-f:]{17}\(([^)]+)\)`)

// connections judges the connections to the other agents and returns the nodes to which one is established. Each agent is
// told the addresses of all, and finds out that one is its own.
func (s *Status) connections(text string) (established []string) {
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		m := connection.FindStringSubmatch(line)
		switch {
		case line == "":
		case m == nil:
			s.Unread = append(s.Unread, fmt.Sprintf("the connection %q", line))
		case m[2] == "established":
			if p := peer.FindStringSubmatch(m[3]); p != nil {
				established = append(established, p[1])
			} else {
				s.Unread = append(s.Unread, fmt.Sprintf("the peer of the connection %q", line))
			}
		case !strings.Contains(m[3], "cannot connect to ourself"):
			s.fault(false, "the connection to %s is %s: %s", m[1], m[2], m[3])
		}
	}
	slices.Sort(established)
	return slices.Compact(established)
}
