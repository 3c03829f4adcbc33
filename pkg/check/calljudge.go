package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"
)

// judgeCalls judges a trial by what was answered without pods.
func (t Trials) judgeCalls(trial trial, replies map[string]Reply) Row {
	c := tally{asked: map[string]int{}, good: map[string]int{}, nodes: map[string]*nodeTally{}}
	var each []NodeResult
	var unjudged []string
	var ways []string
	for _, node := range nodesOf(trial.calls) {
		place, why := choose(node, trial.calls, replies)
		if why != "" {
			each = append(each, NodeResult{Node: node, Verdict: NotJudged, Detail: why})
			unjudged = append(unjudged, fmt.Sprintf("%s (%s)", node, why))
			continue
		}
		c.nodes[node] = &nodeTally{}
		for _, call := range asked(node, place, trial.calls) {
			if why := replies[call.ID].Absent; why != "" {
				unjudged = append(unjudged, fmt.Sprintf("%s (%s)", call.to, line(why)))
				continue
			}
			c.add(errand{node: node, to: call.to, group: call.group}, replies[call.ID].Result, "to "+call.to)
			ways = append(ways, string(call.Way))
		}
		each = append(each, c.nodes[node].result(node))
	}
	slices.Sort(ways)
	verdict, remedy, detail := c.outcome(trial.Usually, unjudged)
	if len(ways) > 0 {
		how := "asked " + strings.Join(slices.Compact(ways), " and ") + ", without pods"
		if less := callable[trial.Name].less; less != "" {
			how += " and " + less
		}
		detail = how + ": " + detail
	}
	row := trial.judge.row(trial.Name, verdict, remedy, "%s", detail)
	row.Nodes = each
	return row
}

// outcome is the verdict on what was counted, beside what could not be judged.
func (c tally) outcome(usually string, unjudged []string) (v Verdict, remedy, detail string) {
	if len(c.groups) == 0 {
		return NotJudged, "", some(unjudged)
	}
	good := 0
	for _, n := range c.good {
		good += n
	}
	v, detail = Good, c.String()
	switch {
	case len(c.failures) > 0:
		v, remedy, detail = partly(good), usually, detail+"; "+some(c.failures)
	case len(unjudged) > 0:
		v = NotJudged
	default:
		detail += ", slowest " + c.slowest.Round(time.Millisecond/10).String()
	}
	if len(unjudged) > 0 {
		detail += "; not judged: " + some(unjudged)
	}
	return v, remedy, detail
}

func (n nodeTally) result(node string) NodeResult {
	text := fmt.Sprintf("%d of %d good", n.good, n.asked)
	if len(n.failures) > 0 {
		return NodeResult{Node: node, Verdict: partly(n.good), Detail: text + "; " + some(n.failures)}
	}
	return NodeResult{Node: node, Verdict: Good, Detail: text}
}

// nodesOf lists the nodes that calls are about, in their order.
func nodesOf(calls []Call) []string {
	var nodes []string
	for _, call := range calls {
		if !slices.Contains(nodes, call.Node) {
			nodes = append(nodes, call.Node)
		}
	}
	return nodes
}

// asked returns the calls of a node at a place, without witnesses.
func asked(node, place string, calls []Call) []Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c Call) bool { return c.Node != node || c.place != place || c.witness })
}

// choose returns the place by which a node is judged: the first where all is good, or else the first where a failure can
// be believed. Where there is none, why says what was met.
func choose(node string, calls []Call, replies map[string]Reply) (place, why string) {
	var places, met []string
	for _, call := range calls {
		if call.Node == node && !slices.Contains(places, call.place) {
			places = append(places, call.place)
		}
	}
	for _, place := range places {
		if !slices.ContainsFunc(asked(node, place, calls), func(c Call) bool { return !replies[c.ID].OK }) {
			return place, ""
		}
	}
	for _, place := range places {
		own := asked(node, place, calls)
		failed := func(c Call) bool { return !replies[c.ID].OK && replies[c.ID].Absent == "" }
		believed := func(c Call) bool { return failed(c) && (replies[c.ID].Sure || leads(c, calls, replies)) }
		if slices.ContainsFunc(own, believed) {
			return place, ""
		}
		if i := slices.IndexFunc(own, failed); i >= 0 {
			met = append(met, fmt.Sprintf("nothing shows that %s leads there: %s", own[i].where(), line(replies[own[i].ID].Error)))
		} else {
			i := slices.IndexFunc(own, func(c Call) bool { return !replies[c.ID].OK })
			met = append(met, line(replies[own[i].ID].Absent))
		}
	}
	return "", strings.Join(met, "; ")
}

// where is the place of a call, for people.
func (c Call) where() string { return cmp.Or(c.Address, c.place) }

// leads reports whether something answers that shows that the place of a call leads to its node: the kubelet or another port
// of the same address, or the same port of another node that is reached in the same way.
func leads(call Call, calls []Call, replies map[string]Reply) bool {
	return slices.ContainsFunc(calls, func(other Call) bool {
		near := other.Node == call.Node || other.Port == call.Port && !other.witness
		named := !other.witness || strings.Contains(replies[other.ID].Answer, other.Node)
		return other.place == call.place && near && named && replies[other.ID].OK
	})
}
