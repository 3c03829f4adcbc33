package clusterfile

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Warnings say what the facts hold that a complete cluster file cannot: what of kubeadm's configuration cannot be read, and the
// IPv6 half of a dual-stack cluster.
func (f Facts) Warnings(c Cluster) []string {
	all := f.unreadable()
	left := f.ipv6()
	if len(left) == 0 {
		return all
	}
	effect := "pods get no IPv6 address, and a Service's IPv6 address leads to no pod"
	if c.CNI == None {
		effect = "cluster DNS has no IPv6 address, and kube-proxy does not know the IPv6 addresses of pods as the cluster's own"
	}
	return append(all, fmt.Sprintf("the cluster is dual-stack, but the addons are set up for IPv4 only: %s. Left out: %s", effect, strings.Join(left, ", ")))
}

// unreadable tells of a configuration of kubeadm that says nothing, since it cannot be read.
func (f Facts) unreadable() []string {
	if f.KubeadmFault == "" {
		return nil
	}
	return []string{fmt.Sprintf("ConfigMap kube-system/kubeadm-config: what kubeadm says of the cluster cannot be read (%s), so that defaults stand in for it; see to that, or give network.podCIDR, serviceCIDR, dnsDomain and apiEndpoint",
		strictyaml.Clip(f.KubeadmFault))}
}

// ipv6 names the IPv6 ranges of the cluster, and where each of them is from.
func (f Facts) ipv6() []string {
	var left []string
	add := func(what string, cidrs []string, source string) {
		for _, cidr := range cidrs {
			if p, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err == nil && !p.Addr().Is4() {
				left = append(left, fmt.Sprintf("%s %s (%s)", what, p, source))
			}
		}
	}
	add("pod CIDR", strings.Split(f.KubeadmPodCIDR, ","), "ConfigMap kube-system/kubeadm-config")
	for _, n := range f.Nodes {
		if add("pod CIDR", n.ranges(), "node "+n.Name); len(left) > 0 {
			break // one stands for all
		}
	}
	add("service CIDR", f.ServiceCIDRs, "ServiceCIDR object")
	if len(f.ServiceCIDRs) == 0 {
		add("service CIDR", strings.Split(f.KubeadmServiceCIDR, ","), "ConfigMap kube-system/kubeadm-config")
	}
	return left
}

// ranges are the pod CIDRs of the node, as they stand there.
func (n NodeFact) ranges() []string {
	if n.PodCIDR == "" || slices.Contains(n.PodCIDRs, n.PodCIDR) {
		return n.PodCIDRs
	}
	return append([]string{n.PodCIDR}, n.PodCIDRs...)
}

// ipv4Range returns the first IPv4 pod CIDR of the node.
func (n NodeFact) ipv4Range() (netip.Prefix, bool) {
	for _, cidr := range n.ranges() {
		if p, err := netip.ParsePrefix(cidr); err == nil && p.Addr().Is4() {
			return p, true
		}
	}
	return netip.Prefix{}, false
}

// familyFaults are what only addons with IPv6 could do: pods without an IPv4 range, or whose API server has an IPv6 address.
func (f Facts) familyFaults(c Cluster) []fault {
	var faults []fault
	for _, n := range f.Nodes {
		if _, ok := n.ipv4Range(); !ok && len(n.ranges()) > 0 && c.CNI != None {
			faults = append(faults, fault{Field: "network.podCIDR",
				Problem: fmt.Sprintf("is %s, but node %s has no IPv4 pod CIDR, only %s", c.Network.PodCIDR, n.Name, strings.Join(n.ranges(), ", ")),
				Remedy:  "give the controller manager an IPv4 cluster CIDR; the bundles have no IPv6 yet"})
			break
		}
	}
	if ip, err := netip.ParseAddr(f.KubernetesService); err == nil && !ip.Is4() {
		faults = append(faults, fault{Field: "network.serviceCIDR",
			Problem: fmt.Sprintf("is %s, but Service default/kubernetes has the IPv6 address %s, which pods without IPv6 addresses do not reach", c.Network.ServiceCIDR, ip),
			Remedy:  "name the IPv4 range first in --service-cluster-ip-range of the API server; the bundles have no IPv6 yet"})
	}
	return faults
}
