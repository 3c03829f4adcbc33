package agent

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// What Calico's agent writes on its Node (Calico 3.13 to 3.32, libcalico-go, lib/backend/k8s/resources/node.go).
const (
	calicoAddress = "projectcalico.org/IPv4Address"
	calicoVXLAN   = "projectcalico.org/IPv4VXLANTunnelAddr"
	calicoIPIP    = "projectcalico.org/IPv4IPIPTunnelAddr"
)

// calico reads what the probes of the container calico-node say: exit code 0 and nothing, or 1 and a line for people. Which
// of Felix and BIRD they ask is the business of the pod, since BIRD runs only with some encapsulations.
func calico(subject Subject, outputs []Output) Status {
	s := Status{Text: all(outputs)}
	for _, o := range outputs {
		if o.Exit != 0 {
			s.fault(true, "%s", calicoComplaint(o))
		}
	}
	s.network(subject.Node)
	annotations := subject.Node.Annotations
	prefix, err := netip.ParsePrefix(annotations[calicoAddress])
	if err != nil {
		s.fault(true, "the node's annotation %s is %q, which is no address with a prefix length: the others do not know the node", calicoAddress, annotations[calicoAddress])
	} else {
		s.Summary = "reached at " + prefix.Addr().String()
		s.announced(subject.Node, calicoAddress, prefix.Addr().String())
	}
	if tunnels(subject.Pod) && annotations[calicoVXLAN] == "" && annotations[calicoIPIP] == "" {
		s.fault(true, "the node has no tunnel address (annotation %s or %s)", calicoVXLAN, calicoIPIP)
	}
	for _, a := range []string{calicoAddress, calicoVXLAN, calicoIPIP} {
		if annotations[a] != "" {
			s.Text += fmt.Sprintf("%s: %s\n", a, annotations[a])
		}
	}
	return s
}

// calicoComplaint is the line of an output that is meant for people, which begins with "calico/node is not".
func calicoComplaint(o Output) string {
	for line := range strings.Lines(all([]Output{o})) {
		if strings.HasPrefix(line, "calico/node is not ") {
			return line
		}
	}
	return o.ended()
}

// tunnels reports whether the agent is told to wrap packets on their way between nodes.
func tunnels(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Spec.Containers, func(c corev1.Container) bool {
		return slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool {
			return (e.Name == "CALICO_IPV4POOL_VXLAN" || e.Name == "CALICO_IPV4POOL_IPIP") && (e.Value == "Always" || e.Value == "CrossSubnet")
		})
	})
}
