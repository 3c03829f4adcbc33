package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/observed"
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

// nodes returns the nodes with probe pods on which a DaemonSet of the addon is to be.
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
