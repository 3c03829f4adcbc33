package probes

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// judgeQueries judges a probe by the results of its queries. The verdict on a node that could not be asked is unknown, and so is
// that of the probe if everything else is good. Where probes are required, a pod that runs and does not answer fails them.
func (s Survey) judgeQueries(t probePlan, c tally) check.Row {
	unasked := s.unasked(t, c)
	row := func(v check.Verdict, remedy, detail string) check.Row {
		row := t.judged(v, remedy, detail)
		row.Nodes = s.perNode(t, c)
		return row
	}
	silent, remedy := check.Unknown, ""
	if s.Environment.Required && len(c.unreachable) > 0 {
		silent, remedy = check.Failed, "see what answers for the probe pods, or let what cannot be asked be unknown with --probe=auto"
	}
	if len(c.groups) == 0 {
		return row(silent, remedy, printable.FirstFew(unasked))
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
		detail += "; unknown: " + printable.FirstFew(unasked)
	}
	switch {
	case len(c.failures) > 0:
		return row(check.PartlyMet(c.passed), t.Usually, detail)
	case len(unasked) > 0:
		return row(silent, remedy, detail)
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

// perNode returns the result of each node, or why it was not asked.
func (s Survey) perNode(t probePlan, c tally) []check.NodeResult {
	var out []check.NodeResult
	for _, n := range s.SortedNodes() {
		node := c.nodes[n.Name]
		switch why := s.whyUnasked(n, t, c); {
		case why != "":
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.Unknown, Detail: why})
		case node == nil:
		case len(node.failures) > 0:
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.PartlyMet(node.passed), Detail: fmt.Sprintf("%d of %d good; %s", node.good, node.asked, printable.FirstFew(node.failures))})
		case len(node.inconclusive) > 0:
			out = append(out, check.NodeResult{Node: n.Name, Verdict: check.Unknown, Detail: printable.FirstFew(node.inconclusive)})
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
	if t.kind.NeedsPeer {
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
