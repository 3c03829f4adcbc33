package probes

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
)

// neighbours bounds how many others each node asks, so that the work grows with the nodes and not with their square.
const neighbours = 8

// A target is something on a node that can be asked.
type target struct{ node, name, address string }

func (p target) String() string { return fmt.Sprintf("%s on %s (%s)", p.name, p.node, p.address) }

// readyProbePods returns the ready probe pods of a role, by node.
func (s Survey) readyProbePods(role string) []target {
	var all []target
	for _, p := range observed.SortedPods(s.Environment.Pods) {
		if p.Labels[probe.LabelRole] == role && observed.PodReady(p) && p.Status.PodIP != "" {
			all = append(all, target{p.Spec.NodeName, p.Name, p.Status.PodIP})
		}
	}
	return byNode(all)
}

func byNode(targets []target) []target {
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.node+" "+a.name, b.node+" "+b.name) })
	return targets
}

// near returns the targets that a node asks: those from its own on, in the order of the nodes, in a ring. On clusters that
// are small enough these are all.
func near(node string, targets []target) []target {
	if len(targets) <= neighbours {
		return targets
	}
	start, _ := slices.BinarySearchFunc(targets, node, func(p target, node string) int { return strings.Compare(p.node, node) })
	ring := make([]target, neighbours)
	for i := range ring {
		ring[i] = targets[(start+i)%len(targets)]
	}
	return ring
}

// queriesTo returns queries of every asker to the targets near it.
func (s Survey) queriesTo(targets []target, queries func(asker, to target) []podQuery) []podQuery {
	var all []podQuery
	at := map[string]*check.Destination{}
	for _, to := range targets {
		at[to.node] = check.NewDestination(to.node)
	}
	for _, asker := range s.readyProbePods(probe.Asker) {
		for _, to := range near(asker.node, targets) {
			for _, e := range queries(asker, to) {
				e.of = len(targets)
				e.pod, e.node, e.Address, e.to, e.destination = asker.name, asker.node, to.address, to.String(), at[to.node]
				all = append(all, e)
			}
		}
	}
	return all
}

// queriesToOne returns queries of every asker to one address that is on no node, and leads to one of the pods behind it.
func (s Survey) queriesToOne(name, address string, behind []target, queries ...podQuery) []podQuery {
	var nodes []string
	for _, p := range behind {
		nodes = append(nodes, p.node)
	}
	all := s.queriesTo([]target{{address: address}}, func(target, target) []podQuery { return queries })
	to, anyOf := fmt.Sprintf("%s (%s)", name, address), check.NewDestination(slices.Compact(nodes)...)
	for i := range all {
		all[i].to, all[i].destination = to, anyOf
	}
	return all
}

func pathGroup(asker, to target) string {
	if asker.node == to.node {
		return "same node"
	}
	return "across nodes"
}

// A podQuery is a task for a probe pod, with what the judge has to know of it.
type podQuery struct {
	probe.Task
	pod, node   string             // that is asked, and where it is
	group       string             // for counting: UDP, same node
	to          string             // what it is about, for people
	of          int                // targets of which this is one that was chosen; 0 for a single one
	destination *check.Destination // the nodes to one of which it leads, where it leads to any
	// baseline is set on a query without which others of the same node to the same target say nothing: it tells a packet
	// that is too large from a network that is down.
	baseline bool
	// control is set on a query that is good whether or not the probe's matter is in order: it counts for people, but a probe
	// of which nothing else is good has failed.
	control bool
}
