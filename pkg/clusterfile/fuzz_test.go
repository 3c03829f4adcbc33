package clusterfile_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// FuzzRead: whatever the file, reading and completing it ends soon and without a panic, every error is a fault of the input,
// and templates have their data.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{
		"", "name: demo\nkubernetesVersion: 1.18\nnetwork: {podCIDR: 10.0.0.0/16, serviceCIDR: 255.255.255.255/32, apiEndpoint: 'https://[::1'}\n",
		"addons: {coredns: {enabled: true, values: {80: {x: [.inf, 2020-01-01, ~]}}, resources: {'*': {limits: {cpu: 1e-99, memory: 5Gi}}}}}\n",
		"patches: [{target: {kind: Pod}, patch: 'x: y'}, ~]\nkubeProxy: {mode: nftables}\ncsi: 1\n",
		"network: {serviceCIDR: 'fd00::/8', dnsAddress: '::ffff:1.2.3.4', podCIDR: 0.0.0.0/0}\n", "name: &a [*a]\n", "--- \nname: x\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start := time.Now()
		file, err := clusterfile.Read("c.yaml", strings.NewReader(header+text))
		check(t, err)
		cluster, _, err := clusterfile.Complete(file, nil, offers)
		check(t, err)
		if _, err := cluster.TemplateData(); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took > 5*time.Second {
			t.Errorf("took %s", took)
		}
	})
}

func check(t *testing.T, err error) {
	if faults := strictyaml.Faults(nil); err != nil && !errors.As(err, &faults) {
		t.Errorf("%T: %v", err, err)
	}
}

// FuzzFacts: whatever a cluster says of itself, it is never a panic, and what is wrong with it is reported as a fault.
func FuzzFacts(f *testing.F) {
	f.Add("v1.36.4", "https://192.0.2.1:6443", "100.64.1.0/24", "scaleway://x", "10.32.0.0/20", "10.32.0.1", "10.32.0.10", "100.64.0.0/15", "cp:6443")
	f.Add("", "", "", "", "", "", "", "", "")
	f.Add("v1.18.2", "https://127.0.0.1", "10.0.0.0/0", "aws:///x", "fd00::/112", "0.0.0.1", "None", "10.0.0.0/8,fd00::/48", "[::1]")
	f.Add("1", ":", "1.2.3.4/33", "", "255.255.255.255/32", "255.255.255.255", "x", ",", "a:b:c")
	f.Fuzz(func(t *testing.T, version, server, podCIDR, provider, serviceCIDR, service, dns, kubeadmPods, endpoint string) {
		given := facts{
			KubernetesVersion: version, Server: server, ServiceCIDRs: []string{serviceCIDR}, KubernetesService: service, DNSService: dns,
			KubeadmPodCIDR: kubeadmPods, KubeadmEndpoint: endpoint,
			Nodes: []clusterfile.NodeFact{node("a", podCIDR, provider), controlPlane("b", "10.1.0.0/24")},
		}
		cluster, findings, err := clusterfile.Complete(clusterfile.File{}, &given, offers)
		check(t, err)
		if _, err := cluster.TemplateData(); err != nil {
			t.Error(err)
		}
		seen := map[string]bool{}
		for _, f := range findings {
			if f.Value == "" || f.Source == "" || seen[f.Field] {
				t.Errorf("finding %+v", f)
			}
			seen[f.Field] = true
		}
	})
}
