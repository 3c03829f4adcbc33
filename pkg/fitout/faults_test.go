package fitout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

// faultsOf are the faults of a cluster file of a minor, of which text begins in line 4.
func faultsOf(t *testing.T, minor, text string) string {
	t.Helper()
	file, read := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\nkubernetesVersion: "+minor+"\n"+text))
	_, err := fitout.Prepare(catalogue(t), file, nil, read)
	if err == nil {
		return ""
	}
	if faults := (strictyaml.Faults{}); !errors.As(err, &faults) {
		t.Fatalf("%s: %v is no fault of the input", text, err)
	}
	return err.Error()
}

// Values that no addon works with are faults, one for each field, that say what would be right.
func TestValuesThatCannotWork(t *testing.T) {
	value := func(addon, value string) string { return "addons: {" + addon + ": {values: {" + value + "}}}" }
	config := func(text string) string { return value("kube-proxy", "config: {"+text+"}") }
	const at, quantity = "c.yaml:4: addons.", ", which is no memory of a container; give 0, or 1Mi to 64Ti"
	for _, test := range []struct{ minor, text, want string }{
		{"1.36", config("iptables: {syncPeriod: 0s, minSyncPeriod: 1s, masqueradeBit: null, localhostNodePorts: true}, logging: {verbosity: 2, options: {json: {infoBufferSize: '0'}}}, featureGates: {A: true}, nodePortAddresses: [primary], detectLocal: {bridgeInterface: a}, nftables: {masqueradeBit: 3}"), ""},
		{"1.36", config("foo: bar"), at + "kube-proxy.values.config.foo is not a value of its chart; use one of apiVersion, bindAddress, bindAddressHardFail, clientConnection, clusterCIDR, configSyncPeriod, conntrack, detectLocal, detectLocalMode, enableProfiling, featureGates, healthzBindAddress, hostnameOverride, iptables, ipvs, kind, logging, metricsBindAddress, mode, nftables, nodePortAddresses, oomScoreAdj, portRange, showHiddenMetricsForVersion, windowsRunAsService, winkernel"},
		{"1.36", config("ipvs: {strictArp: true}"), at + "kube-proxy.values.config.ipvs.strictArp is not a value of its chart; did you mean strictARP? Allowed: excludeCIDRs, minSyncPeriod, scheduler, strictARP, syncPeriod, tcpFinTimeout, tcpTimeout, udpTimeout"},
		{"1.36", config("udpIdleTimeout: 1s"), at + "kube-proxy.values.config.udpIdleTimeout is not a value of its chart; use one of "},
		{"1.36", config("featureGates: {A: x}"), at + `kube-proxy.values.config.featureGates.A is the string "x"; give `},
		{"1.36", config("iptables: {masqueradeBit: 32, syncPeriod: -1s}"), at + "kube-proxy.values.config.iptables.masqueradeBit is 32; give a whole number from 0 to 31\n" + at + `kube-proxy.values.config.iptables.syncPeriod is "-1s"; give a time such as 15s, or 0s`},
		{"1.36", config("iptables: {minSyncPeriod: 31s}"), at + "kube-proxy.values.config.iptables.minSyncPeriod is 31s, more than syncPeriod; lower it, or raise syncPeriod (30s by default)"},
		{"1.36", config("nodePortAddresses: [x]"), at + `kube-proxy.values.config.nodePortAddresses[0] is "x"; give `},
		{"1.36", config("oomScoreAdj: 2000"), at + "kube-proxy.values.config.oomScoreAdj is 2000; give a whole number from -1000 to 1000"},
		{"1.17", config("ipvs: {tcpTimeout: 1s}"), at + "kube-proxy.values.config.ipvs.tcpTimeout is not a field of KubeProxyConfiguration before Kubernetes 1.18; remove it"},
		{"1.18", config("ipvs: {tcpTimeout: 1s}, udpIdleTimeout: 1s"), ""},
		{"1.18", config("resourceContainer: x"), at + "kube-proxy.values.config.resourceContainer is not a field of KubeProxyConfiguration from Kubernetes 1.16 on; remove it"},
		{"1.15", config("resourceContainer: x"), ""},
		{"1.18", config("nftables: {}"), at + "kube-proxy.values.config.nftables is not a value of its chart; did you mean iptables? Allowed: "},

		{"1.36", value("coredns", `extraConfig: "}\nevil {\n  whoami\n"`), at + `coredns.values.extraConfig is "}\nevil {\n  whoami\n"; give plugins of one server block, of ASCII characters, such as log`},
		{"1.36", value("coredns", `extraConfig: "{\n policy x\n}"`), at + `coredns.values.extraConfig is "{\n policy x\n}"; give plugins of one server block, of ASCII characters, such as log`},
		{"1.36", value("coredns", `extraConfig: "log {"`), at + `coredns.values.extraConfig is "log {"; give plugins of one server block, of ASCII characters, such as log`},
		{"1.36", value("coredns", "clusterIP: 10.32.0.11, clusterDomain: foo.bar"), at + "coredns.values.clusterIP is 10.32.0.11, but network.dnsAddress is 10.32.0.10; remove it, and set network.dnsAddress to the address that the kubelets were given\n" +
			at + "coredns.values.clusterDomain is foo.bar, but network.dnsDomain is cluster.local; remove it, and set network.dnsDomain to the domain that the kubelets were given"},
		{"1.36", value("coredns", "clusterIP: 10.32.0.10, clusterDomain: cluster.local"), ""},
		{"1.36", value("coredns", "upstreamNameservers: [0.0.0.0]"), at + `coredns.values.upstreamNameservers[0] is "0.0.0.0"; give an address such as`},
		{"1.36", value("coredns", "replicas: .inf"), at + "coredns.values.replicas is the number .inf; give a value that JSON has"},
		{"1.36", value("coredns", "replicas: 010"), at + "coredns.values.replicas is 010, which versions of YAML take for different numbers; write a decimal number, true or false, or a string in quotes"},
		{"1.36", "addons: {coredns: {resources: {coredns: {limits: {memory: -1Mi}}}}}", at + `coredns.resources.coredns.limits.memory is "-1Mi", less than nothing; give 0 or more`},
		{"1.36", value("coredns", "resources: {coredns: {limits: {memory: 64}}}"), at + `coredns.values.resources.coredns.limits.memory is "64"` + quantity},
		{"1.36", value("coredns", "resources: {coredns: {limits: {memory: 99999999Ei}}}"), at + `coredns.values.resources.coredns.limits.memory is "99999999Ei"` + quantity},
		{"1.36", value("metrics-server", "metricResolution: 99999h"), at + "metrics-server.values.metricResolution is 99999h, so that metrics would be old; give 10m or less"},
		{"1.36", value("metrics-server", "metricResolution: -20s"), at + `metrics-server.values.metricResolution is "-20s"; give a time such as 15s or 1m30s`},
		{"1.36", "ingress: traefik\naddons: {traefik: {values: {namespaces: [A_b]}}}", "c.yaml:5: addons.traefik.values.namespaces[0] is \"A_b\"; give the name of a namespace: lower-case letters, digits and dashes, such as shop"},
		{"1.36", "addons: {coredns: {pods: {affinity: {nodeAffinityy: {}}}}}", at + "coredns.pods.affinity.nodeAffinityy is not a field of Affinity; did you mean nodeAffinity? Allowed: nodeAffinity, podAffinity, podAntiAffinity"},
		{"1.36", value("cilium", "podCIDR: 10.9.0.0/16"), at + "cilium.values.podCIDR is 10.9.0.0/16, outside the pod CIDR 100.64.0.0/15; remove it to take network.podCIDR, or set that"},
		{"1.36", value("kube-proxy", "clusterCIDR: 127.0.0.0/16"), at + `kube-proxy.values.clusterCIDR is "127.0.0.0/16"; give an IPv4 range such as 100.64.0.0/15`},
		{"1.36", value("kube-proxy", "clusterCIDR: 10.9.0.0/16"), at + "kube-proxy.values.clusterCIDR is 10.9.0.0/16, outside the pod CIDR 100.64.0.0/15; remove it to take network.podCIDR, or set that"},
	} {
		got := faultsOf(t, test.minor, test.text)
		if strings.HasSuffix(test.want, " ") || strings.HasSuffix(test.want, "such as") {
			got = got[:min(len(got), len(test.want))]
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
	}
}
