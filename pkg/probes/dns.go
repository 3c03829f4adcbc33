package probes

import (
	"fmt"
	"net/netip"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// dnsPort is that of the cluster DNS and of its pods.
const dnsPort = 53

// lookups are the two ways to ask a name server.
func lookups(name string) []podQuery {
	return []podQuery{{Task: lookup("udp", name), group: "UDP"}, {Task: lookup("tcp", name), group: "TCP"}}
}

func lookup(network, name string) probe.Task {
	return probe.Task{Kind: probe.DNS, Network: network, Port: dnsPort, Name: name}
}

func (s Survey) ownName() string { return "kubernetes.default.svc." + s.Environment.Domain }

// dns returns the address of the cluster DNS and its ready pods, or what is wrong with them.
func (s Survey) dns() (address string, pods []target, wrong earlyVerdict) {
	if s.DNS == nil {
		return "", nil, earlyVerdict{check.Failed, "there is no Service kube-system/kube-dns"}
	}
	address = s.DNS.Spec.ClusterIP
	if _, err := netip.ParseAddr(address); err != nil {
		return "", nil, earlyVerdict{check.Failed, fmt.Sprintf("the Service kube-system/kube-dns has the address %q", address)}
	}
	for _, p := range s.PodsMatching(s.DNS.Namespace, &metav1.LabelSelector{MatchLabels: s.DNS.Spec.Selector}) {
		if observed.PodReady(p) {
			pods = append(pods, target{p.Spec.NodeName, p.Name, p.Status.PodIP})
		}
	}
	switch {
	case len(pods) > 0:
		return address, byNode(pods), earlyVerdict{}
	case s.OnlyControlPlane():
		return "", nil, earlyVerdict{check.Pending, "waits for worker nodes"}
	}
	return "", nil, earlyVerdict{check.Failed, "no pod of the Service kube-system/kube-dns is ready"}
}
