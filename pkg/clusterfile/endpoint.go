package clusterfile

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// EndpointFault reports an API endpoint that only this machine reaches, where nodes are to use it: an address of the kubeconfig
// that means the machine it is used on. given is the cluster file as the user wrote it: an endpoint there is the user's own
// (nodes may have a load balancer on 127.0.0.1). It is no fault while every node is simulated or is this machine, nor before
// the first node has joined, which Complete's finding says.
func (f Facts) EndpointFault(given Cluster) error {
	if given.Network.APIEndpoint != "" || f.KubeadmEndpoint != "" || !loopback(f.Server) {
		return nil
	}
	i := slices.IndexFunc(f.Nodes, func(n NodeFact) bool { return !n.Simulated && !f.here(n) })
	if i < 0 {
		return nil
	}
	return faults{{Field: "network.apiEndpoint",
		Problem: fmt.Sprintf("is %s, as in the kubeconfig, where node %s does not reach the API server", f.Server, f.Nodes[i].Name),
		Remedy:  "give the address that nodes use, with --api-endpoint https://HOST:6443 or in the cluster file"}}
}

// here reports whether a node is the machine that the facts were gathered on.
func (f Facts) here(n NodeFact) bool {
	return slices.ContainsFunc(n.Addresses, func(ip string) bool { return slices.Contains(f.LocalAddresses, ip) })
}

// loopback reports whether a URL means the machine that it is used on.
func loopback(server string) bool {
	u, err := url.Parse(server)
	if err != nil {
		return false
	}
	host := strings.TrimSuffix(strings.ToLower(u.Hostname()), ".")
	if host == "localhost" || strings.HasSuffix(host, ".localhost") { // RFC 6761
		return true
	}
	ip, err := netip.ParseAddr(host)
	ip = ip.Unmap()
	return err == nil && (ip.IsLoopback() || ip.IsUnspecified())
}
