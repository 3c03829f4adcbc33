package probes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// judgeDirect judges a probe by what was answered without pods.
func (t Plans) judgeDirect(plan probePlan, replies map[string]DirectResult) check.Row {
	c := newTally()
	var each []check.NodeResult
	var unjudged []string
	var ways []string
	answered := answeredPorts(plan.direct, replies)
	for _, calls := range queriesByNode(plan.direct) {
		node := calls[0].Node
		place, why := choose(calls, answered, replies)
		if why != "" {
			each = append(each, check.NodeResult{Node: node, Verdict: check.Unknown, Detail: why})
			unjudged = append(unjudged, fmt.Sprintf("%s (%s)", node, why))
			continue
		}
		c.nodes[node] = &nodeTally{}
		for _, call := range queriesAt(place, calls) {
			if why := replies[call.ID].NotMade; why != "" {
				unjudged = append(unjudged, fmt.Sprintf("%s (%s)", call.to, printable.Short(why)))
				continue
			}
			c.add(podQuery{node: node, to: call.to, group: call.group}, replies[call.ID].Result, "to "+call.to)
			ways = append(ways, string(call.Transport))
		}
		each = append(each, c.nodes[node].result(node))
	}
	slices.Sort(ways)
	verdict, remedy, detail := c.outcome(plan.Usually, unjudged)
	if len(ways) > 0 {
		how := "asked " + strings.Join(slices.Compact(ways), " and ") + ", without pods"
		if less := plan.kind.WithoutPods.Omits; less != "" {
			how += " and " + less
		}
		detail = how + ": " + detail
	}
	row := plan.judged(verdict, remedy, detail)
	row.Nodes = each
	return row
}

// queriesByNode groups calls by the nodes that they are about, in the order of the first call of each.
func queriesByNode(calls []DirectQuery) [][]DirectQuery {
	at := map[string]int{}
	var groups [][]DirectQuery
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

// queriesAt returns the calls at a place, without witnesses.
func queriesAt(place string, calls []DirectQuery) []DirectQuery {
	return slices.DeleteFunc(slices.Clone(calls), func(c DirectQuery) bool { return c.addressType != place || c.reference })
}

// choose returns the place by which a node is judged, of which the calls are: the first where all is good, or else the first
// where a failure can be believed. Where there is none, why says what was met.
func choose(calls []DirectQuery, answered map[addressPort]bool, replies map[string]DirectResult) (place, why string) {
	var places, met []string
	for _, call := range calls {
		if !slices.Contains(places, call.addressType) {
			places = append(places, call.addressType)
		}
	}
	for _, place := range places {
		if !slices.ContainsFunc(queriesAt(place, calls), func(c DirectQuery) bool { return !replies[c.ID].OK }) {
			return place, ""
		}
	}
	for _, place := range places {
		own := queriesAt(place, calls)
		failed := func(c DirectQuery) bool { return !replies[c.ID].OK && replies[c.ID].NotMade == "" }
		believed := func(c DirectQuery) bool {
			return failed(c) && (replies[c.ID].Conclusive || pathVerified(c, calls, answered, replies))
		}
		if slices.ContainsFunc(own, believed) {
			return place, ""
		}
		if i := slices.IndexFunc(own, failed); i >= 0 {
			met = append(met, fmt.Sprintf("nothing shows that %s leads there: %s", own[i].where(), printable.Short(replies[own[i].ID].Error)))
		} else {
			i := slices.IndexFunc(own, func(c DirectQuery) bool { return !replies[c.ID].OK })
			met = append(met, printable.Short(replies[own[i].ID].NotMade))
		}
	}
	return "", strings.Join(met, "; ")
}

// where is the place of a call, for people.
func (c DirectQuery) where() string { return cmp.Or(c.Address, c.addressType) }

// A addressPort is one of those that are asked at a place, on whichever node.
type addressPort struct {
	addressType string
	number      int
}

// answeredPorts are the ports of which one answers well on some node, those of witnesses excepted.
func answeredPorts(calls []DirectQuery, replies map[string]DirectResult) map[addressPort]bool {
	answered := map[addressPort]bool{}
	for _, c := range calls {
		if replies[c.ID].OK && !c.reference {
			answered[addressPort{c.addressType, c.Port}] = true
		}
	}
	return answered
}

// pathVerified reports whether something answers that shows that the place of a call leads to its node: the kubelet or another port
// of the same address, or the same port of another node that is reached in the same way. calls are those of the node.
func pathVerified(call DirectQuery, calls []DirectQuery, answered map[addressPort]bool, replies map[string]DirectResult) bool {
	return answered[addressPort{call.addressType, call.Port}] || slices.ContainsFunc(calls, func(other DirectQuery) bool {
		named := !other.reference || strings.Contains(replies[other.ID].Answer, other.Node)
		return other.addressType == call.addressType && named && replies[other.ID].OK
	})
}
