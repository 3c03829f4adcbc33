package clusterfile

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Facts are what a running cluster tells about itself. A field is empty where the cluster does not say.
type Facts struct {
	KubernetesVersion  string     // as /version has it: v1.36.4
	Server             string     // URL of the API server in the kubeconfig in use
	Nodes              []NodeFact // none on a cluster that no node has joined yet
	ServiceCIDRs       []string   // of the ServiceCIDR objects, Kubernetes 1.33 and later
	KubernetesService  string     // cluster IP of the Service default/kubernetes
	DNSService         string     // cluster IP of the Service kube-system/kube-dns
	KubeadmPodCIDR     string     // podSubnet of the ConfigMap kube-system/kubeadm-config; two, with a comma, for dual stack
	KubeadmServiceCIDR string     // serviceSubnet there, likewise
	KubeadmDNSDomain   string     // dnsDomain there
	KubeadmEndpoint    string     // controlPlaneEndpoint there, a host or host:port
	KubeadmFault       string     // why what is there cannot be read
	LocalAddresses     []string   // IP addresses of the machine that asks, as the caller gives them
}

// NodeFact is what matters of one node.
type NodeFact struct {
	Name         string
	PodCIDR      string
	PodCIDRs     []string // one for each IP family, PodCIDR included; none before Kubernetes 1.16
	ProviderID   string   // the cloud, and the machine there (aws:///eu-west-1a/i-0123)
	ControlPlane bool     // has the label of a control-plane node
	Addresses    []string // those of type InternalIP
	Simulated    bool     // KWOK's: it has pods but runs nothing
}

// A Finding is one field that the user left open: its value, and where that came from.
type Finding struct {
	Field   string `json:"field"`
	Value   string `json:"value"`
	Source  string `json:"source"`
	Assumed bool   `json:"assumed"` // nobody said so: a default, or a guess from something near
}

// Upgraded returns the facts as they will be once the API servers are of a version: their present version says nothing of it
// unless it is of the same minor already.
func (f Facts) Upgraded(to string) Facts {
	if v, err := ParseVersion(to); err == nil && f.minor() != v.Minor() {
		f.KubernetesVersion = ""
	}
	return f
}

// fill sets the empty field *to, once, and records where the value came from.
func fill(found *[]Finding, to *string, field, value, source string) {
	if *to != "" || value == "" {
		return
	}
	*to = value
	*found = append(*found, Finding{Field: field, Value: value, Source: source})
}

// apply fills the empty fields of c with what the facts say.
func (f Facts) apply(c *Cluster) []Finding {
	var found []Finding
	fill(&found, &c.KubernetesVersion, "kubernetesVersion", f.KubernetesVersion, "API server")
	f.applyNodes(c, &found)
	f.applyAddresses(c, &found)
	return found
}

func (f Facts) applyNodes(c *Cluster, found *[]Finding) {
	if len(f.Nodes) == 0 {
		return
	}
	placement, source := Managed, "no node has the label of a control-plane node"
	for _, n := range f.Nodes {
		if n.ControlPlane {
			placement, source = InCluster, "label of node "+n.Name
			break
		}
	}
	fill(found, &c.ControlPlane, "controlPlane", placement, source)
}

func (f Facts) applyAddresses(c *Cluster, found *[]Finding) {
	n := &c.Network
	fill(found, &n.PodCIDR, "network.podCIDR", ipv4Of(f.KubeadmPodCIDR), "ConfigMap kube-system/kubeadm-config")
	if n.PodCIDR == "" {
		f.guessPodCIDR(n, found)
	}
	fill(found, &n.ServiceCIDR, "network.serviceCIDR", f.serviceCIDR(), "ServiceCIDR object")
	fill(found, &n.ServiceCIDR, "network.serviceCIDR", ipv4Of(f.KubeadmServiceCIDR), "ConfigMap kube-system/kubeadm-config")
	fill(found, &n.DNSDomain, "network.dnsDomain", f.KubeadmDNSDomain, "ConfigMap kube-system/kubeadm-config")
	if n.ServiceCIDR == "" {
		f.guessServiceCIDR(n, found)
	}
	fill(found, &n.DNSAddress, "network.dnsAddress", f.DNSService, "Service kube-system/kube-dns")
	fill(found, &n.APIEndpoint, "network.apiEndpoint", kubeadmURL(f.KubeadmEndpoint), "ConfigMap kube-system/kubeadm-config")
	if n.APIEndpoint == "" && loopback(f.Server) {
		n.APIEndpoint = f.Server
		*found = append(*found, Finding{Field: "network.apiEndpoint", Value: f.Server, Source: "kubeconfig; other machines do not reach it there", Assumed: true})
	}
	fill(found, &n.APIEndpoint, "network.apiEndpoint", f.Server, "kubeconfig")
}

// serviceCIDR returns the IPv4 range of the ServiceCIDR objects: the API server's own, which holds Service
// default/kubernetes, before one that was added later.
func (f Facts) serviceCIDR() string {
	first := ""
	for _, cidr := range f.ServiceCIDRs {
		p, err := netip.ParsePrefix(cidr)
		if err != nil || !p.Addr().Is4() {
			continue
		}
		if ip, err := netip.ParseAddr(f.KubernetesService); err == nil && p.Contains(ip) {
			return cidr
		}
		if first == "" {
			first = cidr
		}
	}
	return first
}

// ipv4Of returns the first IPv4 range of a comma-separated list, or the list where it has none.
func ipv4Of(list string) string {
	for cidr := range strings.SplitSeq(list, ",") {
		if p, err := netip.ParsePrefix(strings.TrimSpace(cidr)); err == nil && p.Addr().Is4() {
			return p.String()
		}
	}
	return list
}

// kubeadmURL is the URL of a controlPlaneEndpoint, whose port is 6443 where it names none (kubeadm 1.15 to 1.37: bindPort).
func kubeadmURL(endpoint string) string {
	if endpoint == "" {
		return ""
	}
	if _, _, err := net.SplitHostPort(endpoint); err != nil {
		endpoint = net.JoinHostPort(strings.Trim(endpoint, "[]"), "6443")
	}
	return "https://" + endpoint
}

// guessPodCIDR leaves the default range where it holds the pod ranges of all nodes, and else takes the smallest range that
// does, but at least a /16: a node that joins later has a range that nobody knows yet. Ranges that only less than a /8
// holds are not one cluster range; there it guesses nothing.
func (f Facts) guessPodCIDR(n *Network, found *[]Finding) {
	var ranges []netip.Prefix
	for _, node := range f.Nodes {
		if p, ok := node.ipv4Range(); ok {
			ranges = append(ranges, p)
		}
	}
	if len(ranges) == 0 || holdsAll(netip.MustParsePrefix(DefaultPodCIDR()), ranges) {
		return
	}
	guess := netip.PrefixFrom(ranges[0].Addr(), min(16, ranges[0].Bits())).Masked()
	for ; !holdsAll(guess, ranges); guess = netip.PrefixFrom(guess.Addr(), guess.Bits()-1).Masked() {
		if guess.Bits() <= 8 {
			return
		}
	}
	n.PodCIDR = guess.String()
	*found = append(*found, Finding{Field: "network.podCIDR", Value: n.PodCIDR, Source: "guessed from the nodes' pod CIDRs", Assumed: true})
}

// guessServiceCIDR leaves the default range where the address of Service default/kubernetes is its first, as in every
// service range. Else it takes the largest /12, /16, /20 or /24 with that first address which the pod CIDR leaves room for.
func (f Facts) guessServiceCIDR(n *Network, found *[]Finding) {
	ip, err := netip.ParseAddr(f.KubernetesService)
	if err != nil || !ip.Is4() || firstAddress(netip.MustParsePrefix(defaultNetwork().ServiceCIDR)) == ip {
		return
	}
	pods, _ := netip.ParsePrefix(n.PodCIDR) // overlaps nothing where it is no range
	for _, bits := range []int{12, 16, 20, 24} {
		guess := netip.PrefixFrom(ip, bits).Masked()
		if firstAddress(guess) == ip && !guess.Overlaps(pods) {
			n.ServiceCIDR = guess.String()
			*found = append(*found, Finding{Field: "network.serviceCIDR", Value: n.ServiceCIDR, Source: "guessed from Service default/kubernetes", Assumed: true})
			return
		}
	}
}

func holdsAll(p netip.Prefix, all []netip.Prefix) bool {
	for _, q := range all {
		if q.Bits() < p.Bits() || !p.Contains(q.Addr()) {
			return false
		}
	}
	return true
}

func firstAddress(p netip.Prefix) netip.Addr { return p.Masked().Addr().Next() }

// contradictions are the fields of c that the running cluster says otherwise of.
func (f Facts) contradictions(c Cluster) []fault {
	var faults []fault
	add := func(field, problem, remedy string) {
		faults = append(faults, fault{Field: field, Problem: problem, Remedy: remedy})
	}
	if given, err := ParseVersion(c.KubernetesVersion); err == nil {
		if real, err := ParseVersion(f.KubernetesVersion); err == nil && given.Minor() != real.Minor() {
			add("kubernetesVersion", fmt.Sprintf("is %s, but the API server is %s", c.KubernetesVersion, f.KubernetesVersion),
				"remove the field to take the cluster's own version")
		}
	}
	pods, err := netip.ParsePrefix(c.Network.PodCIDR)
	for _, n := range f.Nodes {
		if q, ok := n.ipv4Range(); err == nil && ok && !holdsAll(pods, []netip.Prefix{q}) {
			add("network.podCIDR", fmt.Sprintf("is %s, but node %s has the pod CIDR %s", c.Network.PodCIDR, n.Name, q),
				"give the cluster CIDR of the controller manager, which holds every node's range")
			break
		}
	}
	services, err := netip.ParsePrefix(c.Network.ServiceCIDR)
	if ip, perr := netip.ParseAddr(f.KubernetesService); err == nil && perr == nil && ip.Is4() && !services.Contains(ip) && !slices.Contains(f.ServiceCIDRs, services.String()) {
		add("network.serviceCIDR", fmt.Sprintf("is %s, but Service default/kubernetes has the address %s", c.Network.ServiceCIDR, ip),
			"give the service range of the API server")
	}
	return faults
}

// Contradictions are the fields of a complete cluster that the running cluster says otherwise of; nil where there are none.
func (f Facts) Contradictions(c Cluster) strictyaml.Faults {
	return append(faults(f.contradictions(c)), f.familyFaults(c)...)
}
