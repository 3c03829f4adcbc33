package probes

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// onNodes judges something that each of the nodes must have; fault returns what is wrong on one.
func (s Survey) onNodes(t probePlan, nodes []*corev1.Node, good string, fault func(n *corev1.Node) string) apiResult {
	if idle := s.idle(nodes); idle.verdict != "" {
		return apiResult{verdict: idle.verdict, detail: idle.detail}
	}
	var faults []string
	var each []check.NodeResult
	for _, n := range nodes {
		result := check.NodeResult{Node: n.Name, Verdict: check.Good, Detail: good}
		if why := fault(n); why != "" {
			result = check.NodeResult{Node: n.Name, Verdict: check.Failed, Detail: why}
			faults = append(faults, n.Name+" "+why)
		}
		each = append(each, result)
	}
	text := fmt.Sprintf("%d of %d nodes %s", len(nodes)-len(faults), len(nodes), good)
	if len(faults) > 0 {
		return apiResult{check.PartlyMet(len(nodes) - len(faults)), t.Usually, text + "; " + printable.FirstFew(faults), each}
	}
	return apiResult{check.Good, "", text, each}
}

// byName finds objects of one kind by their names.
func byName(list []*manifest.Object) map[string]*manifest.Object {
	named := make(map[string]*manifest.Object, len(list))
	for _, o := range list {
		named[o.GetName()] = o
	}
	return named
}
