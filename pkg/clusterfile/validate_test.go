package clusterfile_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
)

func TestFaultsOfTheFile(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"csi as it was": {"csi: {enabled: false, secretName: s}", "c.yaml:3: csi is a mapping, as it was in earlier releases; name the CSI driver: csi: DRIVER in place of enabled: true, csi: none in place of enabled: false; secretName and zone go to addons.DRIVER.values.secretName and addons.DRIVER.values.zone (fitout bundles show MINOR lists the drivers)"},
		"fine":          {"name: demo\nnetwork:\naddons: {coredns: {resources: {coredns: {limits: {cpu: 1, memory: 64Mi}}}}}", ""},
		"name":          {"name: My_Cluster", `c.yaml:3: name is "My_Cluster"; use lower-case letters, digits and dashes, 63 at the most`},
		"version":       {"kubernetesVersion: latest\nkubeProxy: {mode: nftables}", `c.yaml:3: kubernetesVersion is "latest"; give a version such as v1.36.4, or a minor such as 1.36`},
		"no range":      {"network: {podCIDR: 10.0.0.0}", `c.yaml:3: network.podCIDR is "10.0.0.0"; give a range such as 100.64.0.0/15`},
		"IPv6":          {"network: {podCIDR: 'fd00::/48'}", "c.yaml:3: network.podCIDR is fd00::/48; give an IPv4 range; the bundles have no IPv6 yet"},
		"two ranges":    {"network: {podCIDR: '10.0.0.0/16,fd00::/48'}", `c.yaml:3: network.podCIDR is "10.0.0.0/16,fd00::/48", more than one range; give the IPv4 range alone; the bundles have no IPv6 yet`},
		"host bits":     {"network: {serviceCIDR: 10.96.0.1/12}", "c.yaml:3: network.serviceCIDR is 10.96.0.1/12, which has bits set after the prefix; give 10.96.0.0/12"},
		"small range":   {"network: {serviceCIDR: 10.96.0.0/28}", "c.yaml:3: network.serviceCIDR is 10.96.0.0/28, too small a range; give a /26 or larger"},
		"last range of all": {"network: {serviceCIDR: 255.255.255.248/29}",
			"c.yaml:3: network.serviceCIDR is 255.255.255.248/29, in which 255.255.255.255/32 (broadcast) is; give a range of addresses for pods or Services, such as one in 10.0.0.0/8"},
		"overlap": {"network:\n  podCIDR: 10.0.0.0/8\n  serviceCIDR: 10.96.0.0/12",
			"c.yaml:5: network.serviceCIDR is 10.96.0.0/12, which overlaps the pod CIDR 10.0.0.0/8; give two ranges that do not overlap"},
		"overlap with a default": {"network:\n  podCIDR: 10.32.0.0/16",
			"c.yaml:3: network.serviceCIDR is 10.32.0.0/20, which overlaps the pod CIDR 10.32.0.0/16; give two ranges that do not overlap"},
		"DNS address":          {"network: {dnsAddress: dns}", `c.yaml:3: network.dnsAddress is "dns"; give an address such as 10.32.0.10`},
		"DNS address outside":  {"network: {dnsAddress: 10.96.0.10}", "c.yaml:3: network.dnsAddress is 10.96.0.10, outside the service CIDR 10.32.0.0/20; give an address inside it, such as 10.32.0.10"},
		"DNS address of API":   {"network: {dnsAddress: 10.32.0.1}", "c.yaml:3: network.dnsAddress is 10.32.0.1, the address of the API server's own Service; give another one, such as 10.32.0.10"},
		"DNS domain":           {"network: {dnsDomain: .local}", `c.yaml:3: network.dnsDomain is ".local"; give a domain such as cluster.local`},
		"endpoint not a URL":   {"network: {apiEndpoint: 'https://[::1'}", `c.yaml:3: network.apiEndpoint is "https://[::1": it is not a URL; give a URL such as https://192.0.2.10:6443`},
		"endpoint unencrypted": {"network: {apiEndpoint: 'http://a'}", `c.yaml:3: network.apiEndpoint is "http://a": its scheme is not https; give a URL such as https://192.0.2.10:6443`},
		"endpoint with a path": {"network: {apiEndpoint: 'https://a/k8s/c1'}", `c.yaml:3: network.apiEndpoint is "https://a/k8s/c1": it holds a path; give a URL such as https://192.0.2.10:6443`},
		"endpoint a Service": {"network: {apiEndpoint: 'https://10.32.0.1:443'}",
			"c.yaml:3: network.apiEndpoint is https://10.32.0.1:443, a Service address, which nothing answers before kube-proxy runs; give an address that nodes reach by themselves"},
		"quantities of nothing": {"addons:\n  coredns:\n    resources:\n      coredns:\n        requests: {cpu: 0.0001, memory: 64}\n        limits: {cpu: 99999, memory: 99999999999Ei, ephemeral-storage: 512m, example.com/gpu: 1m}\n      '*': {requests: {cpu: 0, memory: 1Mi, hugepages-2Mi: 2Mi}}",
			"c.yaml:7: addons.coredns.resources.coredns.requests.cpu is \"0.0001\", which is no cpu of a container; give 0, or 1m to 1024\n" +
				"c.yaml:7: addons.coredns.resources.coredns.requests.memory is \"64\", which is no memory of a container; give 0, or 1Mi to 64Ti\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.cpu is \"99999\", which is no cpu of a container; give 0, or 1m to 1024\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.ephemeral-storage is \"512m\", which is no ephemeral-storage of a container; give 0, or 1Mi to 64Ti\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.example.com/gpu is \"1m\", which is no example.com/gpu of a container; give 0, or 1 to 64Ti\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.memory is \"99999999999Ei\", which is no memory of a container; give 0, or 1Mi to 64Ti"},
		"DNS address of the network": {"network: {dnsAddress: 10.32.0.0}", "c.yaml:3: network.dnsAddress is 10.32.0.0, the first or the last address of the service CIDR 10.32.0.0/20, which no Service can have; give another one, such as 10.32.0.10"},
		"DNS address of all":         {"network: {dnsAddress: 10.32.15.255}", "c.yaml:3: network.dnsAddress is 10.32.15.255, the first or the last address of the service CIDR 10.32.0.0/20, which no Service can have; give another one, such as 10.32.0.10"},
		"loopback range":             {"network: {serviceCIDR: 127.0.0.0/16}", "c.yaml:3: network.serviceCIDR is 127.0.0.0/16, in which 127.0.0.0/8 (loopback addresses) is" + usable},
		"link-local range":           {"network: {podCIDR: 169.254.0.0/16}", "c.yaml:3: network.podCIDR is 169.254.0.0/16, in which 169.254.0.0/16 (link-local addresses) is" + usable},
		"multicast range":            {"network: {podCIDR: 230.0.0.0/8}", "c.yaml:3: network.podCIDR is 230.0.0.0/8, in which 224.0.0.0/4 (multicast addresses) is" + usable},
		"this network":               {"network: {podCIDR: 0.0.0.0/8}", "c.yaml:3: network.podCIDR is 0.0.0.0/8, in which 0.0.0.0/8 (this network) is" + usable},
		"every address":              {"network: {podCIDR: 0.0.0.0/0}", "c.yaml:3: network.podCIDR is 0.0.0.0/0, in which 0.0.0.0/8 (this network) is" + usable},
		"endpoint nowhere":           {"network: {apiEndpoint: 'https://0.0.0.0'}", `c.yaml:3: network.apiEndpoint is "https://0.0.0.0": it is the unspecified address, at which no API server answers; give a URL such as https://192.0.2.10:6443`},
		"endpoint a pod":             {"network: {apiEndpoint: 'https://100.64.0.9:6443'}", "c.yaml:3: network.apiEndpoint is https://100.64.0.9:6443, an address of the pod CIDR 100.64.0.0/15, which nodes look for among the pods; give an address outside it, or another pod CIDR"},
		"unknown resource": {"addons: {coredns: {resources: {coredns: {limits: {mem: 1Gi, example.com/gpu: 1, hugepages-2Mi: 4Mi}}}}}",
			"c.yaml:3: addons.coredns.resources.coredns.limits.mem is not a resource of Kubernetes; use one of cpu, memory, ephemeral-storage, or the full name of another, such as example.com/gpu"},
		"quantities": {"addons:\n  coredns:\n    resources:\n      coredns:\n        requests: {cpu: fast}\n        limits: {cpu: -1, memory: 1e-2000000000}",
			"c.yaml:7: addons.coredns.resources.coredns.requests.cpu is \"fast\"; give a quantity such as 100m or 64Mi\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.cpu is \"-1\", less than nothing; give 0 or more\n" +
				"c.yaml:8: addons.coredns.resources.coredns.limits.memory is \"1e-2000000000\"; give a quantity such as 100m or 64Mi"},
		"all at once, of the file and of the cluster": {"kubernetesVersion: [1]\ncni: {}\nmode: x\nnetwork:\n  podCIDR: 10.0.0.0\n  dnsAddress: 1.2.3.4\npatches: [{target: {kind: Pod}}]",
			"c.yaml:3: kubernetesVersion is a list; give a string\n" +
				"c.yaml:4: cni is a mapping; give a string\n" +
				"c.yaml:5: mode is not a field of this format; use one of apiVersion, kind, name, catalogues, kubernetesVersion, controlPlane, network, cni, ingress, kubeProxy, csi, addons, imageRegistry, registries, imagePullSecrets, patches\n" +
				"c.yaml:9: patches[0].patch is missing; add it: Strategic merge patch (a partial object; with a target it needs no kind and no name) or JSON6902 patch (a list of operations), as YAML text. It may change or delete objects, not rename them.\n" +
				"c.yaml:7: network.podCIDR is \"10.0.0.0\"; give a range such as 100.64.0.0/15\n" +
				"c.yaml:8: network.dnsAddress is 1.2.3.4, outside the service CIDR 10.32.0.0/20; give an address inside it, such as 10.32.0.10"},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := complete(t, test.text, nil)
			if diff := cmp.Diff(test.want, message(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// The endpoint is pasted into configurations: it is exactly https://host:port.
func TestEndpoints(t *testing.T) {
	for endpoint, want := range map[string]string{
		"https://192.0.2.10:6443":       "",
		"https://api.example.org":       "",
		"https://API.example.org:443/":  "",
		"https://[2001:db8::1]:6443":    "",
		"https://localhost:6443":        "",
		"https://[::]:6443":             "it is the unspecified address, at which no API server answers",
		"https://[::ffff:0.0.0.0]:6443": "it is the unspecified address, at which no API server answers",
		"https://0.1.2.3":               "it is in 0.0.0.0/8 (this network), at which no API server answers",
		"https://224.0.0.1:6443":        "it is a multicast address, at which no API server answers",
		"https://[ff02::1]:6443":        "it is a multicast address, at which no API server answers",
		"https://169.254.169.254":       "it is a link-local address, at which no API server answers",
		"https://[fe80::1]:6443":        "it is a link-local address, at which no API server answers",
		"https://255.255.255.255":       "it is in 255.255.255.255/32 (broadcast), at which no API server answers",
		"https://127.0.0.1:6443":        "",
		"https://a:0":                   "its port is not a number from 1 to 65535",
		"https://a:65536":               "its port is not a number from 1 to 65535",
		"https://a:70000":               "its port is not a number from 1 to 65535",
		"https://a:06443":               "its port is not a number from 1 to 65535",
		"https://a:":                    "it is not written as https://host:port",
		"https://a:x":                   "it is not a URL",
		"https://":                      "its host is neither a DNS name nor an address",
		"https://:6443":                 "its host is neither a DNS name nor an address",
		"https://2001:db8::1":           "it is not a URL",
		"https://[fe80::1%25eth0]:6443": "its host is neither a DNS name nor an address",
		"https://10.0.0.256:6443":       "its host is neither a DNS name nor an address",
		"https://a_b:6443":              "its host is neither a DNS name nor an address",
		`https://a"b:6443`:              "its host is neither a DNS name nor an address",
		"https://a'b:6443":              "its host is neither a DNS name nor an address",
		"https://a{b}:6443":             "it is not a URL",
		"https://u@a:6443":              "it holds a user, and credentials do not belong into it",
		"https://u:p@a:6443":            "it holds a user, and credentials do not belong into it",
		"https://a:6443?":               "it holds a query or a fragment",
		"https://a:6443?x=y":            "it holds a query or a fragment",
		"https://a:6443#":               "it holds a query or a fragment",
		"https://a:6443#b":              "it holds a query or a fragment",
		"https://a:6443/x":              "it holds a path",
		"https://a:6443//":              "it holds a path",
		"HTTPS://a:6443":                "it is not written as https://host:port",
		"https:a":                       "its host is neither a DNS name nor an address",
		"//a:6443":                      "its scheme is not https",
		"a:6443":                        "its scheme is not https",
		"https://a\n:6443":              "it is not a URL",
		"https://a:6443\n":              "it is not a URL",
		" https://a:6443":               "it is not a URL",
		"https://a b:6443":              "it is not a URL",
	} {
		_, err := clusterfile.ParseEndpoint(endpoint)
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", endpoint, got, want)
		}
	}
}

// Long numbers that a quantity may not be, and that take the parser of quantities long.
func TestQuantitiesAreBounded(t *testing.T) {
	for _, quantity := range []string{"1e-2000000000", "1E-99999999", "0." + strings.Repeat("0", 500_000) + "1", strings.Repeat("9", 500_000)} {
		start := time.Now()
		_, _, err := complete(t, "addons: {coredns: {resources: {coredns: {limits: {cpu: '"+quantity+"'}}}}}", nil)
		if err == nil || len(err.Error()) > 300 {
			t.Errorf("%.20s: error %.400v", quantity, err)
		}
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%.20s takes %s", quantity, took)
		}
	}
}

const usable = "; give a range of addresses for pods or Services, such as one in 10.0.0.0/8"
