package fitout_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// An endpoint that only this machine reaches is refused where an addon is told it, with everything else that is wrong.
func TestEndpointOfThisMachine(t *testing.T) {
	off := false
	bringYourOwn := func(c *clusterfile.Cluster) {
		c.CNI, c.Addons = clusterfile.None, map[string]clusterfile.Addon{"kube-proxy": {Enabled: &off}}
	}
	for name, test := range map[string]struct {
		server string
		set    func(*clusterfile.Cluster)
		want   []string
	}{
		"another machine's node": {"https://127.0.0.1:6443", func(*clusterfile.Cluster) {},
			[]string{"network.apiEndpoint is https://127.0.0.1:6443, as in the kubeconfig, where node far does not reach the API server; give the address that nodes use, with --api-endpoint https://HOST:6443"}},
		"with another fault":     {"https://127.0.0.1:6443", func(c *clusterfile.Cluster) { c.Network.PodCIDR = "10.0.0.0" }, []string{"network.podCIDR is", "network.apiEndpoint is"}},
		"no addon is told it":    {"https://127.0.0.1:6443", bringYourOwn, nil},
		"reached by all":         {"https://192.0.2.1:6443", func(*clusterfile.Cluster) {}, nil},
		"the user's own address": {"https://127.0.0.1:6443", func(c *clusterfile.Cluster) { c.Network.APIEndpoint = "https://127.0.0.1:6443" }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			var file clusterfile.File
			test.set(&file.Cluster)
			_, err := fitout.Prepare(catalogue(t), file, &clusterfile.Facts{KubernetesVersion: "v1.36.4", Server: test.server, Nodes: []clusterfile.NodeFact{{Name: "far"}}}, nil)
			var faults strictyaml.Faults
			if (err == nil) != (test.want == nil) || err != nil && (!errors.As(err, &faults) || len(faults) != len(test.want)) {
				t.Fatalf("error %v, want the faults %q", err, test.want)
			}
			for _, part := range test.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("error %v does not say %q", err, part)
				}
			}
		})
	}
}

func TestDualStackIsAWarning(t *testing.T) {
	plan, err := fitout.Prepare(catalogue(t), clusterfile.File{}, &clusterfile.Facts{KubernetesVersion: "v1.36.4", KubeadmPodCIDR: "10.244.0.0/16,fd00::/48"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "fd00::/48") || plan.Cluster.Network.PodCIDR != "10.244.0.0/16" {
		t.Errorf("warnings %q, pod CIDR %s", plan.Warnings, plan.Cluster.Network.PodCIDR)
	}
}
