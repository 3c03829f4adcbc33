package check

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// scheduler is what the scheduler says of a pod that it finds no node for.
func scheduler(p patient) string {
	if p.pod == nil {
		return ""
	}
	return unbroken(unscheduled(p.pod))
}

// managedTaints are those that Kubernetes or an addon sets for a while and takes away by itself.
var managedTaints = regexp.MustCompile(`^node\.kubernetes\.io/|^node\.cloudprovider\.kubernetes\.io/|not-ready|uninitialized|startup`)

// untolerated knows pods that every node fit for them keeps away by a taint.
func untolerated(p patient) (conclusion, bool) {
	if scheduler(p) == "" {
		return conclusion{}, false
	}
	nodes, refused := p.s.fit(p.pod.Spec, p.pod.Spec.Tolerations)
	return taintFinding("pod "+p.pod.Name, nodes, refused)
}

// untoleratedByAll knows DaemonSets that no node takes pods of, so that there is none.
func untoleratedByAll(p patient) (conclusion, bool) {
	if p.object == nil || p.pod != nil || p.object.GetKind() != "DaemonSet" {
		return conclusion{}, false
	}
	template, err := podTemplate(p.object)
	if err != nil {
		return conclusion{}, false
	}
	nodes, refused := p.s.eligible(template.PodTemplateSpec)
	return taintFinding("DaemonSet "+p.object.GetName(), nodes, refused)
}

func taintFinding(who string, nodes []*corev1.Node, refused []refusal) (conclusion, bool) {
	if len(nodes) > 0 || len(refused) == 0 {
		return conclusion{}, false
	}
	f := conclusion{remedy: tolerate, after: soon}
	var texts []string
	for _, r := range refused {
		texts = append(texts, r.String())
		if managedTaints.MatchString(r.taint.Key) {
			f.after = may
		}
	}
	f.means = fmt.Sprintf("%s tolerates no node: %s", who, some(texts))
	return f, true
}

// portHeld knows pods whose host port is taken on the nodes where they may be, and names who has it.
func portHeld(p patient) (conclusion, bool) {
	if !strings.Contains(scheduler(p), "free ports") {
		return conclusion{}, false
	}
	nodes, _ := p.s.fit(p.pod.Spec, p.pod.Spec.Tolerations)
	fit := namesOf(nodes)
	var held []string
	for _, other := range p.s.everyPod() {
		if port := sharedPort(p.pod, other); port > 0 && fit[other.Spec.NodeName] && other.UID != p.pod.UID && !over(other) {
			held = append(held, fmt.Sprintf("host port %d of node %s is held by pod %s/%s", port, other.Spec.NodeName, other.Namespace, other.Name))
		}
	}
	if len(held) == 0 {
		held = []string{"a host port of pod " + p.pod.Name + " is held on every node, by pods that may not be seen"}
	}
	return conclusion{some(held), "remove that pod, or give it another port", may}, true
}

// sharedPort returns a host port that two pods both want, or 0.
func sharedPort(a, b *corev1.Pod) int32 {
	for _, x := range hostPorts(a) {
		if slices.Contains(hostPorts(b), x) {
			return x.HostPort
		}
	}
	return 0
}

// hostPorts returns the host ports of a pod, with what tells them apart.
func hostPorts(p *corev1.Pod) []corev1.ContainerPort {
	var ports []corev1.ContainerPort
	for _, c := range p.Spec.Containers {
		for _, port := range c.Ports {
			if port.Protocol == "" {
				port.Protocol = corev1.ProtocolTCP
			}
			if port.HostPort > 0 {
				ports = append(ports, corev1.ContainerPort{HostPort: port.HostPort, Protocol: port.Protocol})
			}
		}
	}
	return ports
}

// everyPod returns the pods of the cluster, or those that were seen.
func (s Snapshot) everyPod() []*corev1.Pod {
	if len(s.Evidence.Pods) > 0 {
		return named(s.Evidence.Pods)
	}
	return s.indexed().pods
}

// over reports whether a pod takes no room any more.
func over(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// lacks knows pods that ask for more of a resource than any node has left, and says what the nodes have.
func lacks(name corev1.ResourceName) func(patient) (conclusion, bool) {
	return func(p patient) (conclusion, bool) {
		if !strings.Contains(scheduler(p), "Insufficient "+string(name)) {
			return conclusion{}, false
		}
		wants := resourcehelper.PodRequests(p.pod, resourcehelper.PodResourcesOptions{})[name]
		nodes, _ := p.s.fit(p.pod.Spec, p.pod.Spec.Tolerations)
		requested := p.s.requested(name)
		var texts []string
		for _, n := range nodes {
			has, of := n.Status.Allocatable[name], requested[n.Name]
			texts = append(texts, fmt.Sprintf("%s has %s, of which %s are requested", n.Name, has.String(), of.String()))
		}
		return conclusion{
			means:  fmt.Sprintf("pod %s asks for %s of %s, which no node has left: %s", p.pod.Name, wants.String(), name, some(texts)),
			remedy: "add or enlarge nodes, or let the addon ask for less",
		}, true
	}
}

// requested is what the pods of each node ask for of a resource.
func (s Snapshot) requested(name corev1.ResourceName) map[string]resource.Quantity {
	sums := map[string]resource.Quantity{}
	for _, pod := range s.everyPod() {
		if !over(pod) {
			sum := sums[pod.Spec.NodeName]
			sum.Add(resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})[name])
			sums[pod.Spec.NodeName] = sum
		}
	}
	return sums
}
