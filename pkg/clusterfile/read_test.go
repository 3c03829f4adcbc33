package clusterfile_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

func TestReadRefusesOtherFiles(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"empty": {"", "c.yaml is empty; write at least apiVersion and kind"},
		"a manifest": {"apiVersion: v1\nkind: Pod\n", `c.yaml:1: apiVersion is "v1"; use one of fitout.dev/v1alpha1
c.yaml:2: kind is "Pod"; use one of Cluster`},
		"a later version": {"apiVersion: fitout.dev/v1\nkind: Cluster\n", `c.yaml:1: apiVersion is "fitout.dev/v1"; use one of fitout.dev/v1alpha1`},
		"no type":         {"cni: none", "c.yaml:1: apiVersion is missing; add it: Version of this format.\nc.yaml:1: kind is missing; add it: Kind of this file."},
		"two files":       {header + "---\n" + header, "c.yaml:4 holds 2 documents; keep one document per file"},
		"huge":            {strings.Repeat("# padding\n", 200_000), "c.yaml is larger than 1024 KiB; give the file that describes the cluster, not a rendered manifest or an archive"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := clusterfile.Read("c.yaml", strings.NewReader(test.text))
			if diff := cmp.Diff(test.want, message(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Flags go before the file, and a fault of a flag's value names the flag.
func TestSet(t *testing.T) {
	file, err := clusterfile.Read("c.yaml", strings.NewReader(header+"cni: weave\nnetwork:\n  podCIDR: 10.0.0.0/16\n  dnsDomain: demo.local\n"))
	if err != nil {
		t.Fatal(err)
	}
	var errs []error
	for _, flag := range [][3]string{
		{"--cni", "cni", "flannel"}, {"--name", "name", "true"}, {"--kubernetes", "kubernetesVersion", "1.30"}, {"--kube-proxy", "kubeProxy.enabled", "false"},
		{"--pod-cidr", "network.podCIDR", "10.1.0.0/33"}, {"--ingress", "ingress", "haproxy"}, {"--kube-proxy-mode", "kubeProxy.mode", "fast"},
	} {
		errs = append(errs, file.Set(flag[0], flag[1], flag[2]))
	}
	cluster, _, err := clusterfile.Complete(file, nil, offers)
	if diff := cmp.Diff(`--kube-proxy-mode is "fast"; use one of iptables, ipvs, nftables
--pod-cidr is "10.1.0.0/33"; give a range such as 100.64.0.0/15`, message(errors.Join(append(errs, err)...))); diff != "" {
		t.Error(diff)
	}
	got := []any{cluster.CNI, cluster.Name, cluster.KubernetesVersion, *cluster.KubeProxy.Enabled, cluster.Network.DNSDomain, cluster.Ingress}
	if diff := cmp.Diff([]any{"flannel", "true", "1.30", false, "demo.local", "haproxy"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSetWithoutAFile(t *testing.T) {
	var file clusterfile.File
	if err := file.Set("--cni", "cni", "calico"); err != nil || file.CNI != "calico" {
		t.Errorf("cni is %q, %v", file.CNI, err)
	}
	err := file.Locate(strictyaml.Faults{{Field: "cni", Problem: "is bad"}, {Field: "ingress", Problem: "is bad"}})
	if diff := cmp.Diff("--cni is bad\ningress is bad", message(err)); diff != "" {
		t.Error(diff)
	}
}

func TestLocate(t *testing.T) {
	file, err := clusterfile.Read("c.yaml", strings.NewReader(header+"addons:\n  coredns:\n    values:\n      a: {b: [1,\n        2]}\npatches:\n- patch: x\n"))
	if err != nil {
		t.Fatal(err)
	}
	for field, want := range map[string]string{
		"addons.coredns.values.a.b":    "c.yaml:6: addons.coredns.values.a.b is bad",
		"addons.coredns.values.a.b[1]": "c.yaml:7: addons.coredns.values.a.b[1] is bad",
		"addons.coredns.enabled":       "c.yaml:4: addons.coredns.enabled is bad",
		"patches[0]":                   "c.yaml:9: patches[0] is bad",
		"patches[1].target.kind":       "c.yaml:8: patches[1].target.kind is bad",
		"network.podCIDR":              "c.yaml: network.podCIDR is bad",
	} {
		if got := message(file.Locate(strictyaml.Faults{{Field: field, Problem: "is bad"}})); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	other := errors.New("no fault")
	if file.Locate(other) != other || file.Locate(nil) != nil {
		t.Error("an error that is no fault does not stay as it is")
	}
}

func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"v1.36.4": "v1.36.4 1.36", "1.36.4": "v1.36.4 1.36", "1.36": "1.36 1.36", "v1.9": "1.9 1.9", "v1.36.0": "v1.36.0 1.36",
		"v1.36.4+k3s1": "v1.36.4 1.36", "v1.27.3-gke.100": "v1.27.3 1.27", "v1.15.11-eks-af3caf": "v1.15.11 1.15",
		"": "", "1": "", "v1": "", "1.36.": "", "1.36.4.5": "", "1.36+": "", "latest": "", "1.x": "", "-1.36": "", "1.36 ": "", "99999.1": "", "1.36.4\n": "",
	} {
		v, err := clusterfile.ParseVersion(text)
		got := ""
		if err == nil {
			got = v.String() + " " + v.Minor()
		}
		if got != want {
			t.Errorf("%q is read as %q, want %q", text, got, want)
		}
	}
}

func TestCompareMinors(t *testing.T) {
	ordered := []string{"nonsense", "0.99", "1.9", "1.15", "1.36", "2.0"}
	for i, a := range ordered {
		for j, b := range ordered {
			if got := clusterfile.CompareMinors(a, b); (got < 0) != (i < j) || (got == 0) != (i == j) {
				t.Errorf("%s to %s is %d", a, b, got)
			}
		}
	}
}
