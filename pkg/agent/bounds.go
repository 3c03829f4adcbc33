package agent

import (
	"fmt"
	"strings"
)

// Agents run on nodes, whose users may write what they like. What is read of an agent, and what is told of it, is bounded.
const (
	// longestOutput bounds the JSON of a status. The largest that was seen has 10 KB; a controller takes 500 bytes.
	longestOutput = 1 << 20
	// longestText bounds other outputs, and the text for people.
	longestText  = 64 << 10
	longestFault = 1 << 10
	mostFaults   = 100
)

// bounded returns outputs of which each has at most a number of bytes.
func bounded(outputs []Output, most int) []Output {
	all := make([]Output, len(outputs))
	for i, o := range outputs {
		all[i] = Output{Text: cut(o.Text, most), Errors: cut(o.Errors, longestText), Exit: o.Exit}
	}
	return all
}

// cut shortens a text, and marks where.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}

// bounded returns a status of bounded size. What does not stand in it is counted.
func (s Status) bounded() Status {
	s.Summary, s.Text = cut(s.Summary, longestFault), cut(s.Text, longestText)
	if more := len(s.Faults) - mostFaults; more > 0 {
		severe := Status{Faults: s.Faults[mostFaults:]}.Severe()
		s.Faults = append(s.Faults[:mostFaults:mostFaults], Fault{severe, fmt.Sprintf("and %d more", more)})
	}
	if more := len(s.Unread) - mostFaults; more > 0 {
		s.Unread = append(s.Unread[:mostFaults:mostFaults], fmt.Sprintf("and %d more", more))
	}
	for i := range s.Faults {
		s.Faults[i].Text = cut(s.Faults[i].Text, longestFault)
	}
	for i := range s.Unread {
		s.Unread[i] = cut(s.Unread[i], longestFault)
	}
	return s
}
