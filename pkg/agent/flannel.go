package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// What flannel writes on its Node, and what people write there for it (flannel 0.12 to 0.28, pkg/subnet/kube/annotations.go).
const (
	flannelPrefix    = "flannel.alpha.coreos.com/"
	flannelManager   = flannelPrefix + "kube-subnet-manager"
	flannelType      = flannelPrefix + "backend-type"
	flannelData      = flannelPrefix + "backend-data"
	flannelAddress   = flannelPrefix + "public-ip"
	flannelOverwrite = flannelPrefix + "public-ip-overwrite"
)

// flannel reads the two files that say what flannel has made of its node: /run/flannel/subnet.env, by which the CNI plugin
// gives addresses to pods, and the hardware address of the VXLAN interface, to which the other nodes send. What flannel
// tells the others is on the Node.
func flannel(subject Subject, outputs []Output) Status {
	node := subject.Node
	s := Status{Text: all(outputs)}
	s.network(node)
	s.subnet(at(outputs, 0), podCIDRs(subject))
	if node.Annotations[flannelManager] != "true" {
		s.fault(true, "the node has no annotation %s: flannel has not registered it, and the others do not know it", flannelManager)
		return s
	}
	address := node.Annotations[flannelAddress]
	if overwrite := node.Annotations[flannelOverwrite]; overwrite != "" {
		if address != overwrite {
			s.fault(true, "the others are told to reach it at %s (annotation %s), not at %s (annotation %s)", address, flannelAddress, overwrite, flannelOverwrite)
		}
	} else {
		s.announced(node, flannelAddress, address)
	}
	backend := node.Annotations[flannelType]
	s.Summary = fmt.Sprintf("%s, reached at %s", cmp.Or(backend, "no backend"), address)
	if backend == "vxlan" {
		s.tunnel(node.Annotations[flannelData], at(outputs, 1))
	}
	s.Text += fmt.Sprintf("%s: %s\n%s: %s\n%s: %s\n", flannelType, backend, flannelData, node.Annotations[flannelData], flannelAddress, address)
	return s
}

// podCIDRs are the ranges of pod addresses that the cluster gives to the node.
func podCIDRs(s Subject) []string {
	if len(s.Node.Spec.PodCIDRs) > 0 {
		return s.Node.Spec.PodCIDRs
	}
	return []string{s.Node.Spec.PodCIDR} // before 1.16
}

// subnet judges subnet.env: FLANNEL_SUBNET is the first address of the node's range of pod addresses, with its length
// (10.244.1.1/24), and FLANNEL_NETWORK the range of the cluster.
func (s *Status) subnet(o Output, own []string) {
	if o.Exit != 0 {
		s.fault(true, "no pod can be started: %s", o.ended())
		return
	}
	values := map[string]string{}
	for line := range strings.Lines(o.Text) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[key] = value
	}
	subnet, err := netip.ParsePrefix(values["FLANNEL_SUBNET"])
	if err != nil {
		s.fault(true, "no pod can be started: FLANNEL_SUBNET in /run/flannel/subnet.env is %q", values["FLANNEL_SUBNET"])
		return
	}
	if !contains(own, subnet.Masked()) {
		s.fault(true, "pods get addresses of %s (/run/flannel/subnet.env), and the others send those of %s to the node (spec.podCIDR)", subnet.Masked(), strings.Join(own, " and "))
	}
	if network, err := netip.ParsePrefix(values["FLANNEL_NETWORK"]); err != nil || !network.Contains(subnet.Addr()) {
		s.fault(true, "FLANNEL_NETWORK in /run/flannel/subnet.env is %q, where %s is not in", values["FLANNEL_NETWORK"], subnet.Masked())
	}
}

func contains(ranges []string, one netip.Prefix) bool {
	for _, r := range ranges {
		if p, err := netip.ParsePrefix(r); err == nil && p.Masked() == one {
			return true
		}
	}
	return false
}

// tunnel judges the hardware address that the others send to: it is to be that of the interface flannel.1.
func (s *Status) tunnel(data string, o Output) {
	var announced struct{ VNI, VtepMAC any }
	if err := json.Unmarshal([]byte(data), &announced); err != nil || announced.VtepMAC == nil {
		s.fault(true, "the node's annotation %s is %q, without a VtepMAC to send to", flannelData, data)
		return
	}
	switch own := strings.TrimSpace(o.Text); {
	case fmt.Sprint(announced.VNI) != "1" && announced.VNI != nil:
		s.Unread = append(s.Unread, fmt.Sprintf("the hardware address of the interface of VNI %v", announced.VNI))
	case o.Exit != 0:
		s.fault(true, "the node has no interface flannel.1: %s", o.ended())
	case own != fmt.Sprint(announced.VtepMAC):
		s.fault(true, "the others send to the hardware address %v (annotation %s), and flannel.1 has %s", announced.VtepMAC, flannelData, own)
	}
}
