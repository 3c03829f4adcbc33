package check

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// A tally counts the errands of a trial.
type tally struct {
	groups      []string // in the order of their first errand
	asked, good map[string]int
	proofs      int // good, and no control
	failures    []string
	slowest     time.Duration
	again       int               // good only at a later try
	silent      map[string]string // why a node's pod could not be asked
	groundless  []string          // what says nothing, since nothing arrives there at all
	nodes       map[string]*nodeTally
	legs        []leg           // that were asked in vain
	told        map[string]bool // of failures
}

// A nodeTally counts what was asked from one node.
type nodeTally struct {
	asked, good int
	proofs      int
	failures    []string
	groundless  []string
}

func newTally() tally {
	return tally{asked: map[string]int{}, good: map[string]int{}, silent: map[string]string{}, nodes: map[string]*nodeTally{}, told: map[string]bool{}}
}

func count(t trial, results map[string]probe.Result, answers map[string]Answer) tally {
	c := newTally()
	down := map[string]bool{}
	for _, e := range t.errands {
		r, ok := results[e.ID]
		if c.nodes[e.node] == nil {
			c.nodes[e.node] = &nodeTally{}
		}
		way := e.node + " to " + e.to
		switch {
		case !ok:
			c.silent[e.node] = answers[e.pod].Error
		case down[way]:
		case e.ground && !r.OK:
			down[way] = true
			why := fmt.Sprintf("%s (nothing arrives: %s)", way, line(r.Error))
			c.groundless = append(c.groundless, why)
			c.nodes[e.node].groundless = append(c.nodes[e.node].groundless, why)
		case e.ground && e.group == "": // only a ground
		default:
			c.add(e, r, way)
		}
	}
	return c
}

// add counts the result of an errand.
func (c *tally) add(e errand, r probe.Result, way string) {
	if c.asked[e.group] == 0 {
		c.groups = append(c.groups, e.group)
	}
	c.asked[e.group]++
	node := c.nodes[e.node]
	node.asked++
	if !r.OK {
		c.legs = append(c.legs, leg{from: e.node, to: e.ends})
		failure := way + ": " + line(r.Error)
		if text := "to " + e.to + ": " + line(r.Error); !slices.Contains(node.failures, text) {
			node.failures = append(node.failures, text)
		}
		if !c.told[failure] { // over UDP and over TCP
			c.told[failure], c.failures = true, append(c.failures, failure)
		}
		return
	}
	c.good[e.group]++
	node.good++
	if !e.control {
		c.proofs++
		node.proofs++
	}
	c.slowest = max(c.slowest, r.Took.Duration)
	if r.Tries > 1 && !e.Closed {
		c.again++
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

// judgeErrands judges a trial by the results of its errands. What nobody could ask is not judged, and so is the trial
// where all others are good.
func (s Survey) judgeErrands(t trial, c tally) Row {
	unasked := s.unasked(t, c)
	row := func(v Verdict, remedy, detail string) Row {
		row := t.judge.row(t.Name, v, remedy, "%s", detail)
		row.Nodes = s.perNode(t, c)
		return row
	}
	if len(c.groups) == 0 {
		return row(NotJudged, "", some(unasked))
	}
	detail := c.String()
	if len(c.failures) > 0 {
		detail += "; " + some(c.failures)
	} else {
		detail += ", slowest " + c.slowest.Round(time.Millisecond/10).String()
	}
	if c.again > 0 {
		detail += fmt.Sprintf(", %d only when asked again", c.again)
	}
	if of := t.targetCount(); of > neighbours {
		detail += fmt.Sprintf("; each node asked %d of %d", neighbours, of)
	}
	if len(unasked) > 0 {
		detail += "; not judged: " + some(unasked)
	}
	switch {
	case len(c.failures) > 0:
		return row(partly(c.proofs), t.Usually, detail)
	case len(unasked) > 0:
		return row(NotJudged, "", detail)
	}
	return row(Good, "", detail)
}

// targetCount is how many targets there are of which each node asks some.
func (t trial) targetCount() (most int) {
	for _, e := range t.errands {
		most = max(most, e.of)
	}
	return most
}

// betweenPods are the probes for which a node without a ready peer is not asked either.
var betweenPods = []string{"pod-network", "packet-size", "network-policy"}

// perNode tells the nodes apart: what was asked from each, or why nothing was.
func (s Survey) perNode(t trial, c tally) []NodeResult {
	var out []NodeResult
	for _, n := range s.Snapshot.indexed().nodes {
		node := c.nodes[n.Name]
		switch why := s.whyUnasked(n, t, c); {
		case why != "":
			out = append(out, NodeResult{Node: n.Name, Verdict: NotJudged, Detail: why})
		case node == nil:
		case len(node.failures) > 0:
			out = append(out, NodeResult{Node: n.Name, Verdict: partly(node.proofs), Detail: fmt.Sprintf("%d of %d good; %s", node.good, node.asked, some(node.failures))})
		case len(node.groundless) > 0:
			out = append(out, NodeResult{Node: n.Name, Verdict: NotJudged, Detail: some(node.groundless)})
		default:
			out = append(out, NodeResult{Node: n.Name, Verdict: Good, Detail: fmt.Sprintf("%d of %d good", node.good, node.asked)})
		}
	}
	return out
}

// unasked lists the nodes from which or towards which nothing was asked, with the reason.
func (s Survey) unasked(t trial, c tally) []string {
	out := c.groundless
	for _, n := range s.Snapshot.indexed().nodes {
		if why := s.whyUnasked(n, t, c); why != "" {
			out = append(out, fmt.Sprintf("%s (%s)", n.Name, why))
		}
	}
	return out
}

// whyUnasked says why nothing was asked from a node or towards it; it is empty where something was, and for nodes that can
// have no probe pod, but for those that are not ready.
func (s Survey) whyUnasked(n *corev1.Node, t trial, c tally) string {
	roles := []string{probe.Asker}
	if slices.Contains(betweenPods, t.Name) {
		roles = append(roles, probe.Peer)
	}
	ready, _ := nodeReady(n)
	why, silent := c.silent[n.Name]
	switch {
	case silent:
		return why
	case Simulated(n):
	case !ready:
		return "is not ready"
	case s.onStage(n.Name) && slices.ContainsFunc(roles, func(role string) bool { return !s.plays(n.Name, role) }):
		return "runs no probe pod"
	}
	return ""
}
