package check

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// defaultClass are the annotations that make a StorageClass the default one; the second is the form before 1.6, which
// API servers still honour.
var defaultClass = []string{"storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class"}

// storageClass checks that the cluster has exactly one default StorageClass, one of the addon's; and if the addon renders none
// that is the default, that it has at most one, of somebody else's.
func (j judge) storageClass() []Row {
	if !j.addon.Checks.DefaultStorageClass {
		return nil
	}
	var defaults, own []string
	for _, class := range j.snapshot.StorageClasses {
		if !IsDefaultClass(class) {
			continue
		}
		defaults = append(defaults, class.GetName())
		if slices.ContainsFunc(j.addon.Objects, func(o *manifest.Object) bool { return manifest.IDOf(o) == manifest.IDOf(class) }) {
			own = append(own, class.GetName())
		}
	}
	slices.Sort(defaults)
	chosen := slices.ContainsFunc(j.addon.Objects, func(o *manifest.Object) bool { return o.GetKind() == "StorageClass" && IsDefaultClass(o) })
	switch {
	case !chosen && len(own) > 0:
		return []Row{j.row(StorageClass, Failed, "take the annotation "+defaultClass[0]+" from it", "the default is %s, which is not to be it", own[0])}
	case !chosen && len(defaults) == 0:
		return []Row{j.row(StorageClass, Good, "", "no default, as the addon's values say")}
	case !chosen && len(defaults) == 1:
		return []Row{j.row(StorageClass, Good, "", "%s is the only default, of another provider", defaults[0])}
	case len(defaults) == 0:
		return []Row{j.row(StorageClass, Failed, "run fitout apply", "no StorageClass is the default")}
	case len(defaults) > 1:
		return []Row{j.row(StorageClass, Failed, "take the annotation "+defaultClass[0]+" from all but one", "%d default StorageClasses: %s", len(defaults), FirstFew(defaults))}
	case len(own) == 0:
		return []Row{j.row(StorageClass, Failed, "take the annotation "+defaultClass[0]+" from it", "the default is %s, which is not the addon's", defaults[0])}
	}
	return []Row{j.row(StorageClass, Good, "", "%s is the only default", own[0])}
}

func IsDefaultClass(class *manifest.Object) bool {
	for _, key := range defaultClass {
		if class.GetAnnotations()[key] == "true" {
			return true
		}
	}
	return false
}

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
		template, err := WorkloadOf(o)
		if err != nil {
			return []Row{j.row(HostPorts, Failed, DescribeCommand(o), "%s cannot be read: %v", manifest.IDOf(o), err)}
		}
		pods := j.snapshot.PodsMatching(o.GetNamespace(), template.Selector)
		if detail, yes := j.snapshot.AwaitsWorkers(template.PodTemplateSpec); yes {
			return []Row{j.row(HostPorts, Pending, "", "%s", detail)}
		}
		nodes, tainted := j.snapshot.EligibleNodes(template.PodTemplateSpec)
		on := PodsByNode(pods)
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
		row := j.row(HostPorts, PartlyMet(expected-len(missing)), "see the check ready of the addon", "no ready pod holds %s", FirstFew(missing))
		row.Trail, trail.Seen, trail.Suspects = trail, row.Detail, trail.Suspects[:min(len(trail.Suspects), MostNodes)]
		return []Row{row}
	}
	return []Row{j.row(HostPorts, Good, "", "%v on %d of %d nodes", j.addon.Checks.HostPorts, expected, len(j.snapshot.SortedNodes()))}
}

// undeclared returns the addon's host ports (TCP) that no ready pod of a node declares.
func (j judge) undeclared(pods []*corev1.Pod) []int {
	declared := map[int]bool{}
	for _, p := range pods {
		if !PodReady(p) {
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
