package diagnose

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// schedulerMessage is what the scheduler says of a pod that it finds no node for.
func schedulerMessage(p subject) string {
	if p.pod == nil {
		return ""
	}
	return printable.OneLine(observed.UnschedulableReason(p.pod))
}

// managedTaints are those that Kubernetes or an addon sets for a while and takes away by itself.
var managedTaints = regexp.MustCompile(`^node\.kubernetes\.io/|^node\.cloudprovider\.kubernetes\.io/|not-ready|uninitialized|startup`)

// untoleratedTaints matches pods that every node fit for them keeps away by a taint.
func untoleratedTaints(p subject) (match, bool) {
	if schedulerMessage(p) == "" {
		return match{}, false
	}
	nodes, refused := p.s.FittingNodes(p.pod.Spec, p.pod.Spec.Tolerations)
	return taintMatch("pod "+p.pod.Name, nodes, refused)
}

// untoleratedByDaemonSet matches DaemonSets that no node takes pods of, so that there is none.
func untoleratedByDaemonSet(p subject) (match, bool) {
	if p.object == nil || p.pod != nil || p.object.GetKind() != "DaemonSet" {
		return match{}, false
	}
	template, err := observed.WorkloadOf(p.object)
	if err != nil {
		return match{}, false
	}
	nodes, refused := p.s.EligibleNodes(template.PodTemplateSpec)
	return taintMatch("DaemonSet "+p.object.GetName(), nodes, refused)
}

func taintMatch(who string, nodes []*corev1.Node, refused []observed.Refusal) (match, bool) {
	if len(nodes) > 0 || len(refused) == 0 {
		return match{}, false
	}
	f := match{remedy: check.TaintRemedy, after: terminalAfter10s}
	var texts []string
	for _, r := range refused {
		texts = append(texts, r.String())
		if managedTaints.MatchString(r.Taint.Key) {
			f.after = neverTerminal
		}
	}
	f.explanation = fmt.Sprintf("%s tolerates no node: %s", who, printable.FirstFew(texts))
	return f, true
}

// portHeld matches pods whose host port is taken on the nodes where they may be, and names who has it.
func portHeld(p subject) (match, bool) {
	if !strings.Contains(schedulerMessage(p), "free ports") {
		return match{}, false
	}
	nodes, _ := p.s.FittingNodes(p.pod.Spec, p.pod.Spec.Tolerations)
	fit := observed.NodeNames(nodes)
	var held []string
	for _, other := range p.s.AllPods() {
		if port := sharedPort(p.pod, other); port > 0 && fit[other.Spec.NodeName] && other.UID != p.pod.UID && !finished(other) {
			held = append(held, fmt.Sprintf("host port %d of node %s is held by pod %s/%s", port, other.Spec.NodeName, other.Namespace, other.Name))
		}
	}
	if len(held) == 0 {
		held = []string{"a host port of pod " + p.pod.Name + " is held on every node, by pods that may not be seen"}
	}
	return match{printable.FirstFew(held), "remove that pod, or give it another port", neverTerminal}, true
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

// finished reports whether a pod takes no room any more.
func finished(p *corev1.Pod) bool {
	return p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed
}

// insufficient matches pods that ask for more of a resource than any node has left, and says what the nodes have.
func insufficient(name corev1.ResourceName) func(subject) (match, bool) {
	return func(p subject) (match, bool) {
		if !strings.Contains(schedulerMessage(p), "Insufficient "+string(name)) {
			return match{}, false
		}
		wants := resourcehelper.PodRequests(p.pod, resourcehelper.PodResourcesOptions{})[name]
		nodes, _ := p.s.FittingNodes(p.pod.Spec, p.pod.Spec.Tolerations)
		requested := requestedByNode(p.s, name)
		var texts []string
		for _, n := range nodes {
			has, of := n.Status.Allocatable[name], requested[n.Name]
			texts = append(texts, fmt.Sprintf("%s has %s, of which %s are requested", n.Name, has.String(), of.String()))
		}
		return match{
			explanation: fmt.Sprintf("pod %s asks for %s of %s, which no node has left: %s", p.pod.Name, wants.String(), name, printable.FirstFew(texts)),
			remedy:      "add or enlarge nodes, or let the addon ask for less",
		}, true
	}
}

// requestedByNode is what the pods of each node ask for of a resource.
func requestedByNode(s observed.Snapshot, name corev1.ResourceName) map[string]resource.Quantity {
	sums := map[string]resource.Quantity{}
	for _, pod := range s.AllPods() {
		if !finished(pod) {
			sum := sums[pod.Spec.NodeName]
			sum.Add(resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{})[name])
			sums[pod.Spec.NodeName] = sum
		}
	}
	return sums
}
