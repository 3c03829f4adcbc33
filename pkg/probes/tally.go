package probes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
)

// outcome is the verdict on what was counted, beside what could not be judged.
func (c tally) outcome(usually string, unjudged []string) (v check.Verdict, remedy, detail string) {
	if len(c.groups) == 0 {
		return check.Unknown, "", printable.FirstFew(unjudged)
	}
	good := 0
	for _, n := range c.good {
		good += n
	}
	v, detail = check.Good, c.String()
	switch {
	case len(c.failures) > 0:
		v, remedy, detail = check.PartlyMet(good), usually, detail+"; "+printable.FirstFew(c.failures)
	case len(unjudged) > 0:
		v = check.Unknown
	default:
		detail += ", slowest " + c.slowest.Round(time.Millisecond/10).String()
	}
	if len(unjudged) > 0 {
		detail += "; unknown: " + printable.FirstFew(unjudged)
	}
	return v, remedy, detail
}

func (n nodeTally) result(node string) check.NodeResult {
	text := fmt.Sprintf("%d of %d good", n.good, n.asked)
	if len(n.failures) > 0 {
		return check.NodeResult{Node: node, Verdict: check.PartlyMet(n.good), Detail: text + "; " + printable.FirstFew(n.failures)}
	}
	return check.NodeResult{Node: node, Verdict: check.Good, Detail: text}
}

// A tally counts the results of a probe.
type tally struct {
	groups       []string // in the order of their first query
	asked, good  map[string]int
	passed       int // good, and no control
	failures     []string
	slowest      time.Duration
	retried      int               // good only at a later try
	unreachable  map[string]string // why a node's pod could not be asked
	inconclusive []string          // what says nothing, since nothing arrives there at all
	nodes        map[string]*nodeTally
	failed       []check.FailedPath // that were asked in vain
	seen         map[string]bool    // of failures
}

// A nodeTally counts what was asked from one node.
type nodeTally struct {
	asked, good  int
	passed       int
	failures     []string
	inconclusive []string
}

func newTally() tally {
	return tally{asked: map[string]int{}, good: map[string]int{}, unreachable: map[string]string{}, nodes: map[string]*nodeTally{}, seen: map[string]bool{}}
}

func count(t probePlan, results map[string]probe.Result, answers map[string]PodResults) tally {
	c := newTally()
	down := map[string]bool{}
	for _, e := range t.queries {
		r, ok := results[e.ID]
		if c.nodes[e.node] == nil {
			c.nodes[e.node] = &nodeTally{}
		}
		path := e.node + " to " + e.to
		switch {
		case !ok:
			c.unreachable[e.node] = answers[e.pod].Error
		case down[path]:
		case e.baseline && !r.OK:
			down[path] = true
			why := fmt.Sprintf("%s (nothing arrives: %s)", path, printable.Short(r.Error))
			c.inconclusive = append(c.inconclusive, why)
			c.nodes[e.node].inconclusive = append(c.nodes[e.node].inconclusive, why)
		case e.baseline && e.group == "": // only a baseline
		default:
			c.add(e, r, path)
		}
	}
	return c
}

// add counts the result of a query.
func (c *tally) add(e podQuery, r probe.Result, path string) {
	if c.asked[e.group] == 0 {
		c.groups = append(c.groups, e.group)
	}
	c.asked[e.group]++
	node := c.nodes[e.node]
	node.asked++
	if !r.OK {
		c.failed = append(c.failed, check.FailedPath{From: e.node, To: e.destination})
		failure := path + ": " + printable.Short(r.Error)
		if text := "to " + e.to + ": " + printable.Short(r.Error); !slices.Contains(node.failures, text) {
			node.failures = append(node.failures, text)
		}
		if !c.seen[failure] { // over UDP and over TCP
			c.seen[failure], c.failures = true, append(c.failures, failure)
		}
		return
	}
	c.good[e.group]++
	node.good++
	if !e.control {
		c.passed++
		node.passed++
	}
	c.slowest = max(c.slowest, r.Took.Duration)
	if r.Tries > 1 && !e.Closed {
		c.retried++
	}
}

// String says how many were good, by group where there are several: 6 of 8 good (UDP 4/4, TCP 2/4).
func (c tally) String() string {
	asked, good := 0, 0
	var parts []string
	for _, g := range c.groups {
		asked, good = asked+c.asked[g], good+c.good[g]
		parts = append(parts, fmt.Sprintf("%s %d/%d", g, c.good[g], c.asked[g]))
	}
	text := fmt.Sprintf("%d of %d good", good, asked)
	if len(parts) > 1 {
		text += " (" + strings.Join(parts, ", ") + ")"
	}
	return text
}
