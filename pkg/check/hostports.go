package check

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// hostPorts checks that on each node that the addon's DaemonSets should be on, ready pods declare the host ports.
func (j judge) hostPorts() []Row {
	if len(j.addon.Checks.HostPorts) == 0 {
		return nil
	}
	if len(j.snapshot.SortedNodes()) == 0 {
		return []Row{j.row(HostPorts, Pending, "", "waits for nodes")}
	}
	expected, missing, trail := 0, []string{}, &Trail{}
	refused, remedy := "none matches the node selector of a DaemonSet of it", "label the nodes, or change the node selector"
	for _, o := range j.addon.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		template, err := observed.WorkloadOf(o)
		if err != nil {
			return []Row{j.row(HostPorts, Failed, observed.DescribeCommand(o), "%s cannot be read: %v", manifest.IDOf(o), err)}
		}
		pods := j.snapshot.PodsMatching(o.GetNamespace(), template.Selector)
		if detail, yes := j.snapshot.AwaitsWorkers(template.PodTemplateSpec); yes {
			return []Row{j.row(HostPorts, Pending, "", "%s", detail)}
		}
		nodes, tainted := j.snapshot.EligibleNodes(template.PodTemplateSpec)
		on := observed.PodsByNode(pods)
		for _, node := range nodes {
			expected++
			if ports := j.undeclared(on[node.Name]); len(ports) > 0 {
				missing = append(missing, fmt.Sprintf("%v on node %s", ports, node.Name))
				trail.Suspects = append(trail.Suspects, Suspect{manifest.IDOf(o), node.Name, "is to hold the ports"})
			}
		}
		if len(tainted) > 0 {
			refused, remedy = tainted[0].String(), TaintRemedy
		}
	}
	switch {
	case expected == 0:
		return []Row{j.row(HostPorts, Failed, remedy, "no node is fit for the addon: %s", refused)}
	case len(missing) > 0:
		row := j.row(HostPorts, PartlyMet(expected-len(missing)), "see the check ready of the addon", "no ready pod holds %s", printable.FirstFew(missing))
		row.Trail, trail.Seen, trail.Suspects = trail, row.Detail, trail.Suspects[:min(len(trail.Suspects), MostNodes)]
		return []Row{row}
	}
	return []Row{j.row(HostPorts, Good, "", "%v on %d of %d nodes", j.addon.Checks.HostPorts, expected, len(j.snapshot.SortedNodes()))}
}

// undeclared returns the addon's host ports (TCP) that no ready pod of a node declares.
func (j judge) undeclared(pods []*corev1.Pod) []int {
	declared := map[int]bool{}
	for _, p := range pods {
		if !observed.PodReady(p) {
			continue
		}
		for _, c := range p.Spec.Containers {
			for _, port := range c.Ports {
				if port.Protocol == corev1.ProtocolTCP || port.Protocol == "" {
					declared[int(port.HostPort)] = true
				}
			}
		}
	}
	return slices.DeleteFunc(slices.Clone(j.addon.Checks.HostPorts), func(port int) bool { return declared[port] })
}
