package probes

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// A tally counts the errands of a trial.
type tally struct {
	groups       []string // in the order of their first errand
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
		way := e.node + " to " + e.to
		switch {
		case !ok:
			c.unreachable[e.node] = answers[e.pod].Error
		case down[way]:
		case e.baseline && !r.OK:
			down[way] = true
			why := fmt.Sprintf("%s (nothing arrives: %s)", way, printable.Short(r.Error))
			c.inconclusive = append(c.inconclusive, why)
			c.nodes[e.node].inconclusive = append(c.nodes[e.node].inconclusive, why)
		case e.baseline && e.group == "": // only a ground
		default:
			c.add(e, r, way)
		}
	}
	return c
}

// add counts the result of an errand.
func (c *tally) add(e podQuery, r probe.Result, way string) {
	if c.asked[e.group] == 0 {
		c.groups = append(c.groups, e.group)
	}
	c.asked[e.group]++
	node := c.nodes[e.node]
	node.asked++
	if !r.OK {
		c.failed = append(c.failed, check.FailedPath{From: e.node, To: e.destination})
		failure := way + ": " + printable.Short(r.Error)
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

// judgeQueries judges a trial by the results of its errands. What nobody could ask is not judged, and so is the trial
// where all others are good.
func (s Survey) judgeQueries(t probePlan, c tally) check.Row {
	unasked := s.unasked(t, c)
	row := func(v check.Verdict, remedy, detail string) check.Row {
		row := t.judged(v, remedy, detail)
		row.Nodes = s.perNode(t, c)
		return row
	}
	if len(c.groups) == 0 {
		return row(check.NotJudged, "", printable.FirstFew(unasked))
	}
	detail := c.String()
	if len(c.failures) > 0 {
		detail += "; " + printable.FirstFew(c.failures)
	} else {
		detail += ", slowest " + c.slowest.Round(time.Millisecond/10).String()
	}
	if c.retried > 0 {
		detail += fmt.Sprintf(", %d only when asked again", c.retried)
	}
	if of := t.targetCount(); of > neighbours {
		detail += fmt.Sprintf("; each node asked %d of %d", neighbours, of)
	}
	if len(unasked) > 0 {
		detail += "; not judged: " + printable.FirstFew(unasked)
	}
	switch {
	case len(c.failures) > 0:
		return row(check.PartlyMet(c.passed), t.Usually, detail)
	case len(unasked) > 0:
		return row(check.NotJudged, "", detail)
	}
	return row(check.Good, "", detail)
}

// targetCount is how many targets there are of which each node asks some.
func (t probePlan) targetCount() (most int) {
	for _, e := range t.queries {
		most = max(most, e.of)
	}
	return most
}

// betweenPods are the probes for which a node without a ready peer is not asked either.
var betweenPods = []string{"pod-network", "packet-size", "network-policy"}

// perNode tells the nodes apart: what was asked from each, or why nothing was.
func (s Survey) perNode(t probePlan, c tally) []check.NodeResult {
	var out []check.NodeResult
	for _, n := range s.SortedNodes() {
		node := c.nodes[n.Name]
		switch why := s.whyUnasked(n, t, c); {
		case why != "":
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.NotJudged, Detail: why})
		case node == nil:
		case len(node.failures) > 0:
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.PartlyMet(node.passed), Detail: fmt.Sprintf("%d of %d good; %s", node.good, node.asked, printable.FirstFew(node.failures))})
		case len(node.inconclusive) > 0:
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.NotJudged, Detail: printable.FirstFew(node.inconclusive)})
		default:
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.Good, Detail: fmt.Sprintf("%d of %d good", node.good, node.asked)})
		}
	}
	return out
}

// unasked lists the nodes from which or towards which nothing was asked, with the reason.
func (s Survey) unasked(t probePlan, c tally) []string {
	out := c.inconclusive
	for _, n := range s.SortedNodes() {
		if why := s.whyUnasked(n, t, c); why != "" {
			out = append(out, fmt.Sprintf("%s (%s)", n.Name, why))
		}
	}
	return out
}

// whyUnasked says why nothing was asked from a node or towards it; it is empty where something was, and for nodes that can
// have no probe pod, but for those that are not ready.
func (s Survey) whyUnasked(n *corev1.Node, t probePlan, c tally) string {
	roles := []string{probe.Asker}
	if slices.Contains(betweenPods, t.Name) {
		roles = append(roles, probe.Peer)
	}
	ready, _ := observed.NodeReady(n)
	why, silent := c.unreachable[n.Name]
	switch {
	case silent:
		return why
	case observed.Simulated(n):
	case !ready:
		return "is not ready"
	case s.isProbeNode(n.Name) && slices.ContainsFunc(roles, func(role string) bool { return !s.hasReadyPod(n.Name, role) }):
		return "runs no probe pod"
	}
	return ""
}
