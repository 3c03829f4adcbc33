package clusterfile_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

const header = "apiVersion: fitout.dev/v1alpha1\nkind: Cluster\n"

var offers = clusterfile.Offers{
	Tested: map[string]string{"1.18": "v1.18.2", "1.36": "v1.36.4", "1.37": "v1.37.1"}, Newest: "1.37",
	Choices: map[string][]clusterfile.Choice{
		"1.18": {{Field: "cni", Default: "weave", Options: []clusterfile.Option{{Name: "weave"}}}},
		"1.37": {
			{Field: "cni", Default: "cilium", Options: []clusterfile.Option{{Name: "calico"}, {Name: "cilium"}}},
			{Field: "ingress", Default: "none", Options: []clusterfile.Option{{Name: "nginx"}, {Name: "traefik"}}},
			{Field: "csi", Default: "ours", Options: []clusterfile.Option{{Name: "a-third"}, {Name: "another", ProviderID: "other://"}, {Name: "ours", ProviderID: "ours://"}, {Name: "theirs", ProviderID: "ours://"}}},
		},
	},
}

// complete reads a cluster file without its first two lines and completes it. The error has the faults of both.
func complete(t *testing.T, text string, facts *clusterfile.Facts) (clusterfile.Cluster, []clusterfile.Finding, error) {
	t.Helper()
	file, readErr := clusterfile.Read("c.yaml", strings.NewReader(header+text))
	cluster, findings, err := clusterfile.Complete(file, facts, offers)
	return cluster, findings, errors.Join(readErr, err)
}

// message is the text of err; an error that is no fault of the input is marked.
func message(err error) string {
	var faults strictyaml.Faults
	switch {
	case err == nil:
		return ""
	case errors.As(err, &faults):
		return err.Error()
	}
	return fmt.Sprintf("%T: %v", err, err)
}

func TestCompleteWithDefaults(t *testing.T) {
	cluster, findings, err := complete(t, "", nil)
	if err != nil {
		t.Fatal(err)
	}
	yes := true
	want := clusterfile.Cluster{
		APIVersion: "fitout.dev/v1alpha1", Kind: "Cluster", Name: "cluster", KubernetesVersion: "v1.37.1", ControlPlane: "managed",
		Network: clusterfile.Network{
			PodCIDR: "100.64.0.0/15", ServiceCIDR: "10.32.0.0/20", DNSAddress: "10.32.0.10", DNSDomain: "cluster.local",
			APIEndpoint: "https://api.cluster.internal:6443",
		},
		CNI: "cilium", Ingress: "none", KubeProxy: clusterfile.KubeProxy{Enabled: &yes, Mode: "iptables"},
		CSI: "ours",
	}
	if diff := cmp.Diff(want, cluster); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(`assumed kubernetesVersion: v1.37.1 (newest bundle)
assumed controlPlane: managed (default)
assumed network.podCIDR: 100.64.0.0/15 (default)
assumed network.serviceCIDR: 10.32.0.0/20 (default)
assumed network.dnsAddress: 10.32.0.10 (tenth address of the service CIDR)
assumed network.dnsDomain: cluster.local (default)
assumed network.apiEndpoint: https://api.cluster.internal:6443 (placeholder)
assumed cni: cilium (default)
assumed ingress: none (default)
assumed kubeProxy.enabled: true (default)
assumed csi: ours (default)
`, print(findings)); diff != "" {
		t.Error(diff)
	}
}

func print(findings []clusterfile.Finding) string {
	var out strings.Builder
	for _, f := range findings {
		word := "found"
		if f.Assumed {
			word = "assumed"
		}
		fmt.Fprintf(&out, "%s %s: %s (%s)\n", word, f.Field, f.Value, f.Source)
	}
	return out.String()
}

func TestCompleteKeepsWhatIsGiven(t *testing.T) {
	cluster, findings, err := complete(t, `name: demo
kubernetesVersion: 1.18
controlPlane: in-cluster
network: {podCIDR: 10.244.0.0/16, serviceCIDR: 10.96.0.0/12, dnsAddress: 10.96.0.20, dnsDomain: demo.local, apiEndpoint: "https://api.demo"}
cni: none
ingress: traefik
kubeProxy: {enabled: false, mode: ipvs}
csi: theirs
`, nil)
	if err != nil || len(findings) > 0 {
		t.Fatal(err, findings)
	}
	no := false
	want := clusterfile.Cluster{
		APIVersion: "fitout.dev/v1alpha1", Kind: "Cluster", Name: "demo", KubernetesVersion: "v1.18.2", ControlPlane: "in-cluster",
		Network: clusterfile.Network{
			PodCIDR: "10.244.0.0/16", ServiceCIDR: "10.96.0.0/12", DNSAddress: "10.96.0.20", DNSDomain: "demo.local", APIEndpoint: "https://api.demo",
		},
		CNI: "none", Ingress: "traefik", KubeProxy: clusterfile.KubeProxy{Enabled: &no, Mode: "ipvs"},
		CSI: "theirs",
	}
	if diff := cmp.Diff(want, cluster); diff != "" {
		t.Error(diff)
	}
}

func TestCompleteSettlesTheVersion(t *testing.T) {
	for name, test := range map[string]struct{ given, server, want string }{
		"none":                        {"", "", "v1.37.1"},
		"minor with a bundle":         {"1.36", "", "v1.36.4"},
		"minor without a bundle":      {"1.30", "", "1.30"},
		"exact":                       {"v1.36.1", "", "v1.36.1"},
		"without v":                   {"1.36.1", "", "v1.36.1"},
		"server":                      {"", "v1.36.2", "v1.36.2"},
		"server of a distribution":    {"", "v1.36.2+k3s1", "v1.36.2"},
		"minor that the server has":   {"1.36", "v1.36.2", "v1.36.2"},
		"exact, server has another":   {"v1.36.1", "v1.36.2", "v1.36.1"},
		"server does not say any":     {"", "unknown", "unknown"},
		"minor, server says nonsense": {"1.36", "unknown", "v1.36.4"},
		"unquoted number, never 1.3":  {"1.30", "", "1.30"},
	} {
		t.Run(name, func(t *testing.T) {
			var facts *clusterfile.Facts
			if test.server != "" {
				facts = &clusterfile.Facts{KubernetesVersion: test.server, Server: "https://a"}
			}
			cluster, _, _ := complete(t, "kubernetesVersion: "+test.given, facts)
			if cluster.KubernetesVersion != test.want {
				t.Errorf("got %s, want %s", cluster.KubernetesVersion, test.want)
			}
		})
	}
}

func TestTemplateData(t *testing.T) {
	for text, want := range map[string]string{
		"": "1.37 true https://api.cluster.internal:6443 api.cluster.internal 6443",
		"kubernetesVersion: 1.18\nnetwork: {apiEndpoint: 'https://[fd00::1]/'}\nkubeProxy: {enabled: false}": "1.18 false https://[fd00::1]/ fd00::1 443",
		"network: {apiEndpoint: 'https://[::1'}": "1.37 true https://[::1  443",
	} {
		cluster, _, _ := complete(t, text, nil)
		data, err := cluster.TemplateData()
		if err != nil {
			t.Fatal(err)
		}
		server := data["network"].(map[string]any)["apiServer"].(map[string]any)
		got := fmt.Sprint(data["minor"], " ", data["kubeProxy"].(map[string]any)["enabled"], " ", server["url"], " ", server["host"], " ", server["port"])
		if got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
