package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// deductions find causes of a row that follow from what other probes of the same run found.
var deductions = []func(row Row, rows []Row) (result, bool){betweenNodes, fullPackets, onlyByService, detected}

func deduced(cause, means, remedy string) (result, bool) {
	return result{cause, conclusion{means: means, remedy: remedy}}, true
}

// betweenNodes knows rows for which packets go from one node to another, where those of the pod network are lost only
// there.
func betweenNodes(row Row, rows []Row) (result, bool) {
	pods := unmetProbe("pod-network", rows)
	if pods == nil || pods.Verdict != Degraded || slices.ContainsFunc(pods.Trail.legs, leg.stays) {
		return result{}, false
	}
	lost := map[string][]leg{}
	for _, l := range pods.Trail.legs {
		lost[l.from] = append(lost[l.from], l)
	}
	for _, l := range row.Trail.legs {
		for _, packet := range lost[l.from] {
			if l.to.leadTo(packet.to) {
				return deduced("between-nodes", fmt.Sprintf("packets between pods of node %s and of node %s are lost, while those within a node arrive: %s",
					packet.from, strings.Join(packet.to.nodes, ", "), pods.Trail.Seen), pods.Remedy)
			}
		}
	}
	return result{}, false
}

// stays reports whether a leg never leaves its node.
func (l leg) stays() bool { return l.to != nil && len(l.to.nodes) == 1 && l.to.nodes[0] == l.from }

// leadTo reports whether one of the nodes is among others.
func (e *ends) leadTo(others *ends) bool {
	return e != nil && others != nil && slices.ContainsFunc(others.nodes, func(n string) bool { return e.set[n] })
}

// fullPackets knows packets that are lost for their size: the judge counts none where small ones are lost, too.
func fullPackets(row Row, _ []Row) (result, bool) {
	if row.Check != "packet-size" {
		return result{}, false
	}
	return deduced("packet-size", "small packets arrive, and those of the full size of the pods' interfaces do not: "+row.Trail.Seen, row.Remedy)
}

// addressed are the probes that go through a Service address: the one that reaches the same pods without, and the one that
// must be unmet as well, since the row has other reasons than the address where it is not.
var addressed = map[string]struct{ direct, also string }{
	"dns-service":     {"dns-pods", "dns-service"},
	"dns-outside":     {"dns-pods", "dns-service"},
	"service-network": {"pod-network", "service-network"},
	"api-server":      {"pod-network", "service-network"},
}

// onlyByService knows rows about a Service address that are unmet on nodes from which the pods are reached.
func onlyByService(row Row, rows []Row) (result, bool) {
	known := addressed[row.Check]
	direct, also := probeRow(known.direct, rows), unmetProbe(known.also, rows)
	from := startsOf(row.Trail.legs)
	if direct == nil || also == nil || len(from) == 0 {
		return result{}, false
	}
	for _, name := range from {
		reached := slices.ContainsFunc(direct.Nodes, func(n NodeResult) bool { return n.Node == name && n.Verdict == Good })
		if !reached || !slices.Contains(startsOf(also.Trail.legs), name) {
			return result{}, false
		}
	}
	remedy := row.Remedy
	if service := unmetProbe("service-network", rows); service != nil {
		remedy = service.Remedy
	}
	return deduced("service-address", fmt.Sprintf("Service addresses do not lead to pods on node %s, from where the pods themselves are reached: %s",
		strings.Join(from, ", "), also.Trail.Seen), remedy)
}

// found is how nodeConditions says that a condition is true, and not that it is missing or old.
var found = regexp.MustCompile(`^\S+ has \S+ True `)

// detected knows faults of nodes that node-problem-detector has found.
func detected(row Row, _ []Row) (result, bool) {
	if row.Check != "node-conditions" || !found.MatchString(row.Trail.Seen) {
		return result{}, false
	}
	return deduced("node-problem", "node-problem-detector has found a fault: node "+row.Trail.Seen, row.Remedy)
}

// probeRow returns the row of a probe, or nil.
func probeRow(name string, rows []Row) *Row {
	if i := slices.IndexFunc(rows, func(r Row) bool { return r.Check == name }); i >= 0 {
		return &rows[i]
	}
	return nil
}

// unmetProbe returns the row of a probe that is unmet, or nil.
func unmetProbe(name string, rows []Row) *Row {
	if row := probeRow(name, rows); row != nil && row.Trail != nil {
		return row
	}
	return nil
}
