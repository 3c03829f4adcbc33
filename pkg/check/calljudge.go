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
	c := newTally()
	var each []NodeResult
	var unjudged []string
	var ways []string
	answered := answeredAt(trial.calls, replies)
	for _, calls := range perCallNode(trial.calls) {
		node := calls[0].Node
		place, why := choose(calls, answered, replies)
		if why != "" {
			each = append(each, NodeResult{Node: node, Verdict: NotJudged, Detail: why})
			unjudged = append(unjudged, fmt.Sprintf("%s (%s)", node, why))
			continue
		}
		c.nodes[node] = &nodeTally{}
		for _, call := range asked(place, calls) {
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

// perCallNode groups calls by the nodes that they are about, in the order of the first call of each.
func perCallNode(calls []Call) [][]Call {
	at := map[string]int{}
	var groups [][]Call
	for _, call := range calls {
		i, known := at[call.Node]
		if !known {
			i, groups = len(groups), append(groups, nil)
			at[call.Node] = i
		}
		groups[i] = append(groups[i], call)
	}
	return groups
}

// asked returns the calls at a place, without witnesses.
func asked(place string, calls []Call) []Call {
	return slices.DeleteFunc(slices.Clone(calls), func(c Call) bool { return c.place != place || c.witness })
}

// choose returns the place by which a node is judged, of which the calls are: the first where all is good, or else the first
// where a failure can be believed. Where there is none, why says what was met.
func choose(calls []Call, answered map[port]bool, replies map[string]Reply) (place, why string) {
	var places, met []string
	for _, call := range calls {
		if !slices.Contains(places, call.place) {
			places = append(places, call.place)
		}
	}
	for _, place := range places {
		if !slices.ContainsFunc(asked(place, calls), func(c Call) bool { return !replies[c.ID].OK }) {
			return place, ""
		}
	}
	for _, place := range places {
		own := asked(place, calls)
		failed := func(c Call) bool { return !replies[c.ID].OK && replies[c.ID].Absent == "" }
		believed := func(c Call) bool { return failed(c) && (replies[c.ID].Sure || leads(c, calls, answered, replies)) }
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

// A port is one of those that are asked at a place, on whichever node.
type port struct {
	place  string
	number int
}

// answeredAt are the ports of which one answers well on some node, those of witnesses excepted.
func answeredAt(calls []Call, replies map[string]Reply) map[port]bool {
	answered := map[port]bool{}
	for _, c := range calls {
		if replies[c.ID].OK && !c.witness {
			answered[port{c.place, c.Port}] = true
		}
	}
	return answered
}

// leads reports whether something answers that shows that the place of a call leads to its node: the kubelet or another port
// of the same address, or the same port of another node that is reached in the same way. calls are those of the node.
func leads(call Call, calls []Call, answered map[port]bool, replies map[string]Reply) bool {
	return answered[port{call.place, call.Port}] || slices.ContainsFunc(calls, func(other Call) bool {
		named := !other.witness || strings.Contains(replies[other.ID].Answer, other.Node)
		return other.place == call.place && named && replies[other.ID].OK
	})
}
