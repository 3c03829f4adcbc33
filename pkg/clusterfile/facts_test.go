package clusterfile_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
)

type facts = clusterfile.Facts

func node(name, podCIDR, providerID string) clusterfile.NodeFact {
	return clusterfile.NodeFact{Name: name, PodCIDR: podCIDR, ProviderID: providerID}
}

func dual(name string, podCIDRs ...string) clusterfile.NodeFact {
	return clusterfile.NodeFact{Name: name, PodCIDR: podCIDRs[0], PodCIDRs: podCIDRs}
}

func controlPlane(name, podCIDR string) clusterfile.NodeFact {
	return clusterfile.NodeFact{Name: name, PodCIDR: podCIDR, ControlPlane: true}
}

// What the cluster says goes before the defaults, and each finding says where it came from.
func TestFindings(t *testing.T) {
	for name, test := range map[string]struct {
		facts facts
		about string // the fields that the test is about
		want  string
	}{
		"no node yet": {facts{}, "controlPlane csi network.podCIDR", `
assumed controlPlane: managed (default)
assumed network.podCIDR: 100.64.0.0/15 (default)
assumed csi: ours (default)
`},
		"managed, on Scaleway": {facts{Nodes: []clusterfile.NodeFact{
			node("new", "", ""), node("a", "100.64.0.0/24", "ours://instance/fr-par-1/1"), node("b", "100.64.1.0/24", "ours://instance/fr-par-1/2")}}, "controlPlane csi", `
found controlPlane: managed (no node has the label of a control-plane node)
found csi: ours (providerID of node a)
`},
		"kubeadm, elsewhere": {facts{Nodes: []clusterfile.NodeFact{
			node("a", "", "ours://x"), controlPlane("b", ""), controlPlane("c", ""), node("d", "", "aws:///x")}}, "controlPlane csi", `
found controlPlane: in-cluster (label of node b)
found csi: none (providerID of node d)
`},
		"bare metal": {facts{Nodes: []clusterfile.NodeFact{node("a", "", "")}}, "csi", `
found csi: none (no node has a providerID)
`},
		"for another driver": {facts{Nodes: []clusterfile.NodeFact{node("a", "", "other://1")}}, "csi", `
found csi: another (providerID of node a)
`},
		"nodes that tell nothing of the network": {facts{Nodes: []clusterfile.NodeFact{node("a", "", "other://1")}}, "cni ingress", `
assumed cni: cilium (default)
assumed ingress: none (default)
`},
		"version": {facts{KubernetesVersion: "v1.36.2+k3s1"}, "kubernetesVersion", `
found kubernetesVersion: v1.36.2+k3s1 (API server)
`},
		"kubeadm's ConfigMap": {facts{KubeadmPodCIDR: "10.244.0.0/16", KubeadmEndpoint: "cp.demo:8443", Server: "https://b"}, "network.podCIDR network.apiEndpoint", `
found network.podCIDR: 10.244.0.0/16 (ConfigMap kube-system/kubeadm-config)
found network.apiEndpoint: https://cp.demo:8443 (ConfigMap kube-system/kubeadm-config)
`},
		"kubeadm's Services": {facts{KubeadmServiceCIDR: "10.96.0.0/12", KubeadmDNSDomain: "k8s.example", KubernetesService: "10.96.0.1"}, "network.serviceCIDR network.dnsDomain", `
found network.serviceCIDR: 10.96.0.0/12 (ConfigMap kube-system/kubeadm-config)
found network.dnsDomain: k8s.example (ConfigMap kube-system/kubeadm-config)
`},
		"kubeadm, dual stack, no port": {facts{KubeadmPodCIDR: "fd00::/48, 10.244.0.0/16", KubeadmEndpoint: "cp.demo"}, "network.podCIDR network.apiEndpoint", `
found network.podCIDR: 10.244.0.0/16 (ConfigMap kube-system/kubeadm-config)
found network.apiEndpoint: https://cp.demo:6443 (ConfigMap kube-system/kubeadm-config)
`},
		"kubeadm, IPv6 endpoint": {facts{KubeadmEndpoint: "fd00::1"}, "network.apiEndpoint", `
found network.apiEndpoint: https://[fd00::1]:6443 (ConfigMap kube-system/kubeadm-config)
`},
		"kubeconfig": {facts{Server: "https://192.0.2.7:6443"}, "network.apiEndpoint", `
found network.apiEndpoint: https://192.0.2.7:6443 (kubeconfig)
`},
		"kubeconfig of the machine itself": {facts{Server: "https://127.0.0.1:6443"}, "network.apiEndpoint", `
assumed network.apiEndpoint: https://127.0.0.1:6443 (kubeconfig; other machines do not reach it there)
`},
		"no server": {facts{}, "network.apiEndpoint", `
assumed network.apiEndpoint: https://api.cluster.internal:6443 (placeholder)
`},
		"DNS Service": {facts{DNSService: "10.32.0.53"}, "network.dnsAddress", `
found network.dnsAddress: 10.32.0.53 (Service kube-system/kube-dns)
`},
		"nodes in the default range": {facts{Nodes: []clusterfile.NodeFact{node("a", "100.65.3.0/24", "")}}, "network.podCIDR", `
assumed network.podCIDR: 100.64.0.0/15 (default)
`},
		"nodes in one /16": {facts{Nodes: []clusterfile.NodeFact{node("a", "10.244.3.0/24", ""), node("b", "10.244.0.0/24", ""), dual("c", "fd00::/64", "10.244.1.0/24")}}, "network.podCIDR", `
assumed network.podCIDR: 10.244.0.0/16 (guessed from the nodes' pod CIDRs)
`},
		"nodes in a /14": {facts{Nodes: []clusterfile.NodeFact{node("a", "10.244.3.0/24", ""), node("b", "10.247.0.0/24", "")}}, "network.podCIDR", `
assumed network.podCIDR: 10.244.0.0/14 (guessed from the nodes' pod CIDRs)
`},
		"ServiceCIDR object": {facts{ServiceCIDRs: []string{"fd00::/112", "10.96.0.0/16"}}, "network.serviceCIDR network.dnsAddress", `
found network.serviceCIDR: 10.96.0.0/16 (ServiceCIDR object)
assumed network.dnsAddress: 10.96.0.10 (tenth address of the service CIDR)
`},
		"ServiceCIDR added later": {facts{ServiceCIDRs: []string{"10.128.0.0/16", "10.96.0.0/16"}, KubernetesService: "10.96.0.1"}, "network.serviceCIDR network.dnsAddress", `
found network.serviceCIDR: 10.96.0.0/16 (ServiceCIDR object)
assumed network.dnsAddress: 10.96.0.10 (tenth address of the service CIDR)
`},
		"Service in the default range": {facts{KubernetesService: "10.32.0.1"}, "network.serviceCIDR", `
assumed network.serviceCIDR: 10.32.0.0/20 (default)
`},
		"Service of kubeadm": {facts{KubernetesService: "10.96.0.1"}, "network.serviceCIDR network.dnsAddress", `
assumed network.serviceCIDR: 10.96.0.0/12 (guessed from Service default/kubernetes)
assumed network.dnsAddress: 10.96.0.10 (tenth address of the service CIDR)
`},
		"Service of k3s": {facts{KubernetesService: "10.43.0.1", DNSService: "10.43.0.10"}, "network.serviceCIDR network.dnsAddress", `
assumed network.serviceCIDR: 10.43.0.0/16 (guessed from Service default/kubernetes)
found network.dnsAddress: 10.43.0.10 (Service kube-system/kube-dns)
`},
		"Service next to the pods": {facts{KubernetesService: "10.0.0.1", KubeadmPodCIDR: "10.2.0.0/16"}, "network.serviceCIDR network.podCIDR network.dnsAddress", `
found network.podCIDR: 10.2.0.0/16 (ConfigMap kube-system/kubeadm-config)
assumed network.serviceCIDR: 10.0.0.0/16 (guessed from Service default/kubernetes)
assumed network.dnsAddress: 10.0.0.10 (tenth address of the service CIDR)
`},
	} {
		t.Run(name, func(t *testing.T) {
			_, findings, err := complete(t, "", &test.facts)
			if err != nil {
				t.Error(err)
			}
			findings = slices.DeleteFunc(findings, func(f clusterfile.Finding) bool { return !slices.Contains(strings.Fields(test.about), f.Field) })
			if diff := cmp.Diff(strings.TrimPrefix(test.want, "\n"), print(findings)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What the file says goes before what the cluster says, and gives no finding.
func TestFactsLeaveTheFileAlone(t *testing.T) {
	text := `
kubernetesVersion: v1.36.1
controlPlane: managed
network: {podCIDR: 10.0.0.0/14, serviceCIDR: 10.96.0.0/12, dnsAddress: 10.96.0.11, dnsDomain: a.b, apiEndpoint: "https://a"}
cni: none
ingress: none
kubeProxy: {enabled: true}
csi: theirs
`
	alone, _, err := complete(t, text, nil)
	if err != nil {
		t.Fatal(err)
	}
	asked, findings, err := complete(t, text, &facts{
		KubernetesVersion: "v1.36.4", Server: "https://b", Nodes: []clusterfile.NodeFact{controlPlane("a", "10.1.0.0/24")},
		ServiceCIDRs: []string{"10.96.0.0/16"}, KubernetesService: "10.96.0.1", DNSService: "10.96.0.10", KubeadmPodCIDR: "10.0.0.0/16", KubeadmEndpoint: "c:1",
	})
	if err != nil || len(findings) > 0 {
		t.Error(err, findings)
	}
	if diff := cmp.Diff(alone, asked); diff != "" {
		t.Error(diff)
	}
}

func TestContradictions(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		facts facts
		want  string
	}{
		"none": {"kubernetesVersion: 1.36", facts{KubernetesVersion: "v1.36.9", KubernetesService: "10.32.0.1", Nodes: []clusterfile.NodeFact{node("a", "100.64.7.0/24", "")}}, ""},
		"version": {"kubernetesVersion: v1.36.4", facts{KubernetesVersion: "v1.37.1"},
			"c.yaml:3: kubernetesVersion is v1.36.4, but the API server is v1.37.1; remove the field to take the cluster's own version"},
		"pods of a node": {"network:\n  podCIDR: 10.244.0.0/23", facts{Nodes: []clusterfile.NodeFact{node("a", "10.244.1.0/24", ""), node("b", "10.244.2.0/24", ""), node("c", "10.244.3.0/24", "")}},
			"c.yaml:4: network.podCIDR is 10.244.0.0/23, but node b has the pod CIDR 10.244.2.0/24; give the cluster CIDR of the controller manager, which holds every node's range"},
		"pods without one range": {"", facts{Nodes: []clusterfile.NodeFact{node("a", "10.244.1.0/24", ""), node("b", "192.168.0.0/24", "")}},
			"c.yaml: network.podCIDR is 100.64.0.0/15, but node a has the pod CIDR 10.244.1.0/24; give the cluster CIDR of the controller manager, which holds every node's range"},
		"services": {"network: {serviceCIDR: 10.96.0.0/16}", facts{KubernetesService: "10.43.0.1"},
			"c.yaml:3: network.serviceCIDR is 10.96.0.0/16, but Service default/kubernetes has the address 10.43.0.1; give the service range of the API server"},
		"services that cannot be guessed": {"", facts{KubernetesService: "10.1.2.129"},
			"c.yaml: network.serviceCIDR is 10.32.0.0/20, but Service default/kubernetes has the address 10.1.2.129; give the service range of the API server"},
		"IPv6 cluster": {"", facts{KubernetesService: "fd00::1", KubeadmPodCIDR: "fd01::/48"},
			"c.yaml: network.podCIDR is fd01::/48; give an IPv4 range; the bundles have no IPv6 yet\n" +
				"c.yaml: network.serviceCIDR is 10.32.0.0/20" + ipv6Service},
		"dual stack, IPv6 first": {"", facts{KubernetesService: "fd00::1", ServiceCIDRs: []string{"fd00::/112", "10.96.0.0/16"}},
			"c.yaml: network.serviceCIDR is 10.96.0.0/16" + ipv6Service},
		"IPv6 pods": {"", facts{Nodes: []clusterfile.NodeFact{dual("a", "fd00::/64")}},
			"c.yaml: network.podCIDR is 100.64.0.0/15, but node a has no IPv4 pod CIDR, only fd00::/64; give the controller manager an IPv4 cluster CIDR; the bundles have no IPv6 yet"},
		"IPv6 pods of another network": {"cni: none", facts{Nodes: []clusterfile.NodeFact{dual("a", "fd00::/64")}}, ""},
		"pods of a dual-stack node": {"network:\n  podCIDR: 10.244.0.0/23", facts{Nodes: []clusterfile.NodeFact{dual("a", "fd00::/64", "10.244.2.0/24")}},
			"c.yaml:4: network.podCIDR is 10.244.0.0/23, but node a has the pod CIDR 10.244.2.0/24; give the cluster CIDR of the controller manager, which holds every node's range"},
		"server": {"", facts{Server: "://"}, `c.yaml: network.apiEndpoint is "://": it is not a URL; give a URL such as https://192.0.2.10:6443`},
		"all at once": {"kubernetesVersion: 1.18\nnetwork: {podCIDR: 10.0.0.0/16, serviceCIDR: 10.96.0.0/16}",
			facts{KubernetesVersion: "v1.36.4", KubernetesService: "10.43.0.1", Nodes: []clusterfile.NodeFact{node("a", "10.1.0.0/24", "")}},
			"c.yaml:3: kubernetesVersion is v1.18.2, but the API server is v1.36.4; remove the field to take the cluster's own version\n" +
				"c.yaml:4: network.podCIDR is 10.0.0.0/16, but node a has the pod CIDR 10.1.0.0/24; give the cluster CIDR of the controller manager, which holds every node's range\n" +
				"c.yaml:4: network.serviceCIDR is 10.96.0.0/16, but Service default/kubernetes has the address 10.43.0.1; give the service range of the API server"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := complete(t, test.text, &test.facts)
			if diff := cmp.Diff(test.want, message(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const ipv6Service = ", but Service default/kubernetes has the IPv6 address fd00::1, which pods without IPv6 addresses do not reach; " +
	"name the IPv4 range first in --service-cluster-ip-range of the API server; the bundles have no IPv6 yet"

// The IPv6 half of a dual-stack cluster is left out, and said.
func TestDualStackIsSaid(t *testing.T) {
	const pods, services = "pod CIDR fd00::/48", "service CIDR fd01::/112"
	for name, test := range map[string]struct {
		facts facts
		cni   string
		want  []string // parts of the warning
	}{
		"IPv4":                  {facts{KubeadmPodCIDR: "10.244.0.0/16", KubeadmServiceCIDR: "10.96.0.0/16", ServiceCIDRs: []string{"10.96.0.0/16"}, Nodes: []clusterfile.NodeFact{dual("a", "10.244.0.0/24")}}, "", nil},
		"nothing is known":      {facts{}, "", nil},
		"kubeadm's pods":        {facts{KubeadmPodCIDR: "10.244.0.0/16,fd00::/48"}, "", []string{pods + " (ConfigMap kube-system/kubeadm-config)", "pods get no IPv6 address"}},
		"IPv6 first":            {facts{KubeadmPodCIDR: "fd00::/48, 10.244.0.0/16"}, "", []string{pods}},
		"kubeadm's Services":    {facts{KubeadmServiceCIDR: "10.96.0.0/16,fd01::/112"}, "", []string{services + " (ConfigMap kube-system/kubeadm-config)"}},
		"ServiceCIDR objects":   {facts{ServiceCIDRs: []string{"10.96.0.0/16", "fd01::/112"}, KubeadmServiceCIDR: "10.96.0.0/16,fd01::/112"}, "", []string{services + " (ServiceCIDR object)"}},
		"nodes":                 {facts{Nodes: []clusterfile.NodeFact{node("a", "10.244.0.0/24", ""), dual("b", "10.244.1.0/24", "fd00::/64"), dual("c", "10.244.2.0/24", "fd00:1::/64")}}, "", []string{"pod CIDR fd00::/64 (node b)"}},
		"a network of your own": {facts{KubeadmPodCIDR: "10.244.0.0/16,fd00::/48"}, "none", []string{pods, "cluster DNS has no IPv6 address"}},
	} {
		t.Run(name, func(t *testing.T) {
			warnings := test.facts.Warnings(clusterfile.Cluster{CNI: test.cni})
			if (len(warnings) == 0) != (test.want == nil) {
				t.Fatalf("warnings %q, want %q", warnings, test.want)
			}
			for _, part := range test.want {
				if len(warnings) != 1 || !strings.Contains(warnings[0], part) || strings.Contains(warnings[0], "node c") {
					t.Errorf("warnings %q do not say %q", warnings, part)
				}
			}
		})
	}
}

func TestEndpointFault(t *testing.T) {
	on := func(addresses ...string) clusterfile.NodeFact {
		return clusterfile.NodeFact{Name: addresses[0], Addresses: addresses}
	}
	elsewhere, here, simulated := on("192.0.2.9"), on("192.0.2.1", "fd00::1"), clusterfile.NodeFact{Name: "kwok", Simulated: true}
	for name, test := range map[string]struct {
		server, kubeadm, given string
		nodes                  []clusterfile.NodeFact
		refused                bool
	}{
		"IPv4":                     {"https://127.0.0.1:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"another loopback address": {"https://127.8.9.1", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"IPv6":                     {"https://[::1]:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"IPv4 in IPv6":             {"https://[::ffff:127.0.0.1]:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"any address":              {"https://0.0.0.0:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"any IPv6 address":         {"https://[::]:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"localhost":                {"https://LocalHost.:6443", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"a name of localhost":      {"https://api.localhost", "", "", []clusterfile.NodeFact{elsewhere}, true},
		"no address of the node":   {"https://127.0.0.1:6443", "", "", []clusterfile.NodeFact{{Name: "new"}}, true},
		"one node is elsewhere":    {"https://127.0.0.1:6443", "", "", []clusterfile.NodeFact{here, simulated, elsewhere}, true},
		"this machine":             {"https://127.0.0.1:6443", "", "", []clusterfile.NodeFact{here, simulated}, false},
		"simulated":                {"https://127.0.0.1:6443", "", "", []clusterfile.NodeFact{simulated}, false},
		"no node yet":              {"https://127.0.0.1:6443", "", "", nil, false},
		"the user's own":           {"https://127.0.0.1:6443", "", "https://127.0.0.1:7443", []clusterfile.NodeFact{elsewhere}, false},
		"kubeadm's":                {"https://127.0.0.1:6443", "cp.demo:6443", "", []clusterfile.NodeFact{elsewhere}, false},
		"not of this machine":      {"https://192.0.2.7", "", "", []clusterfile.NodeFact{elsewhere}, false},
		"a name that looks local":  {"https://localhost.example.org", "", "", []clusterfile.NodeFact{elsewhere}, false},
	} {
		t.Run(name, func(t *testing.T) {
			f := facts{Server: test.server, KubeadmEndpoint: test.kubeadm, Nodes: test.nodes, LocalAddresses: []string{"127.0.0.1", "fd00::1"}}
			err := f.EndpointFault(clusterfile.Cluster{Network: clusterfile.Network{APIEndpoint: test.given}})
			if (err != nil) != test.refused || test.refused && !strings.Contains(err.Error(), "--api-endpoint") {
				t.Errorf("fault %v, want one: %t", err, test.refused)
			}
		})
	}
}
