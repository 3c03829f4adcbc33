package probes

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
)

// nodeTargets are the nodes that are to run a pod of the addon's DaemonSets, as far as they are ready, or why there are none.
func (t probePlan) nodeTargets(s Survey) ([]target, earlyVerdict) {
	nodes := t.nodes(s)
	var all []target
	for _, n := range nodes {
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				all = append(all, target{n.Name, t.addon.Name, a.Address})
				break
			}
		}
	}
	return byNode(all), s.idle(nodes)
}

// nodes are those of the stage on which a DaemonSet of the addon is to be.
func (t probePlan) nodes(s Survey) []*corev1.Node {
	wanted := map[string]bool{}
	for _, o := range t.addon.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		if template, err := observed.WorkloadOf(o); err == nil { // the check ready tells of one that cannot be read
			eligible, _ := s.EligibleNodes(template.PodTemplateSpec)
			for _, n := range eligible {
				wanted[n.Name] = true
			}
		}
	}
	all, _ := s.probeNodes()
	return slices.DeleteFunc(all, func(n *corev1.Node) bool { return !wanted[n.Name] })
}

// A probePlan is a probe of an addon, as it is made on a cluster: queries for pods, agents to be asked, or a row where nothing
// needs to be asked.
type probePlan struct {
	addon        render.Addon
	bundle.Probe        // as addon.yaml declares it
	kind         *Probe // nil where this version has no such probe
	queries      []podQuery
	agents       []agentTarget
	direct       []DirectQuery // in place of queries where no pod can be asked
	row          *check.Row
}

// judged returns the row of the probe.
func (t probePlan) judged(v check.Verdict, remedy, detail string) check.Row {
	return check.Row{Addon: t.addon.Name, Check: t.Name, Verdict: v, Remedy: remedy, Detail: strings.TrimSpace(detail)}
}

// withRow gives the probe its row, so that nothing is asked.
func (t probePlan) withRow(v check.Verdict, remedy, detail string) probePlan {
	row := t.judged(v, remedy, detail)
	t.row = &row
	return t
}
