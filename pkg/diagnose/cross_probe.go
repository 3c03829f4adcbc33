package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
)

// crossProbeRules find causes of a row that follow from what other probes of the same run found.
var crossProbeRules = []func(row check.Row, rows []check.Row) (diagnosis, bool){betweenNodes, fullPacketsLost, onlyByService, detectedFault, hungAgent}

func newDiagnosis(cause, means, remedy string) (diagnosis, bool) {
	return diagnosis{cause, match{explanation: means, remedy: remedy}}, true
}

// betweenNodes matches rows for which packets go from one node to another, where those of the pod network are lost only
// there.
func betweenNodes(row check.Row, rows []check.Row) (diagnosis, bool) {
	pods := unmetProbe("pod-network", rows)
	if pods == nil || pods.Verdict != check.Degraded || slices.ContainsFunc(pods.Trail.Failed, check.FailedPath.WithinNode) {
		return diagnosis{}, false
	}
	lost := map[string][]check.FailedPath{}
	for _, l := range pods.Trail.Failed {
		lost[l.From] = append(lost[l.From], l)
	}
	for _, l := range row.Trail.Failed {
		for _, packet := range lost[l.From] {
			if l.To.Overlaps(packet.To) {
				return newDiagnosis("between-nodes", fmt.Sprintf("packets between pods of node %s and of node %s are lost, while those within a node arrive: %s",
					packet.From, strings.Join(packet.To.Nodes, ", "), pods.Trail.Seen), pods.Remedy)
			}
		}
	}
	return diagnosis{}, false
}

// fullPacketsLost matches packets that are lost for their size: the judge counts none where small ones are lost, too.
func fullPacketsLost(row check.Row, _ []check.Row) (diagnosis, bool) {
	if row.Check != "packet-size" {
		return diagnosis{}, false
	}
	return newDiagnosis("packet-size", "small packets arrive, and those of the full size of the pods' interfaces do not: "+row.Trail.Seen, row.Remedy)
}

// onlyByService matches rows about a Service address that are unmet on nodes from which the pods are reached.
func onlyByService(row check.Row, rows []check.Row) (diagnosis, bool) {
	direct, also := probeRow(row.Trail.PodsProbe, rows), unmetProbe(row.Trail.ServiceProbe, rows)
	from := check.SourceNodes(row.Trail.Failed)
	if direct == nil || also == nil || len(from) == 0 {
		return diagnosis{}, false
	}
	for _, name := range from {
		reached := slices.ContainsFunc(direct.Nodes, func(n check.NodeResult) bool { return n.Node == name && n.Verdict == check.Good })
		if !reached || !slices.Contains(check.SourceNodes(also.Trail.Failed), name) {
			return diagnosis{}, false
		}
	}
	remedy := row.Remedy
	if service := unmetProbe("service-network", rows); service != nil {
		remedy = service.Remedy
	}
	return newDiagnosis("service-address", fmt.Sprintf("Service addresses do not lead to pods on node %s, from where the pods themselves are reached: %s",
		strings.Join(from, ", "), also.Trail.Seen), remedy)
}

// conditionTrue is how nodeConditions says that a condition is true, and not that it is missing or old.
var conditionTrue = regexp.MustCompile(`^\S+ has \S+ True `)

// detectedFault matches faults of nodes that the addon of the probe has found.
func detectedFault(row check.Row, _ []check.Row) (diagnosis, bool) {
	if row.Check != "node-conditions" || !conditionTrue.MatchString(row.Trail.Seen) {
		return diagnosis{}, false
	}
	return newDiagnosis("node-problem", row.Addon+" has found a fault: node "+row.Trail.Seen, row.Remedy)
}

// hungAgent matches agents that run and do not answer, where no other says what is wrong with it.
func hungAgent(row check.Row, _ []check.Row) (diagnosis, bool) {
	hung := row.Trail.Hung
	failed := 0
	for _, n := range row.Nodes {
		if n.Verdict == check.Failed {
			failed++
		}
	}
	if len(hung) == 0 || failed > len(hung) {
		return diagnosis{}, false
	}
	first := hung[0]
	return newDiagnosis("agent-hangs", fmt.Sprintf("the agent of node %s runs, but hangs: it %s", first.Node, first.Detail),
		fmt.Sprintf("start it again (kubectl delete pod -n %s %s); its log and the load of the node may say why", first.Namespace, first.Pod))
}

// probeRow returns the row of a probe, or nil.
func probeRow(name string, rows []check.Row) *check.Row {
	if i := slices.IndexFunc(rows, func(r check.Row) bool { return r.Check == name }); i >= 0 {
		return &rows[i]
	}
	return nil
}

// unmetProbe returns the row of a probe that is unmet, or nil.
func unmetProbe(name string, rows []check.Row) *check.Row {
	if row := probeRow(name, rows); row != nil && row.Trail != nil {
		return row
	}
	return nil
}
