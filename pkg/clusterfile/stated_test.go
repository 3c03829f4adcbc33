package clusterfile_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// What was stated is a cluster file that states the same, and nothing else.
func TestStated(t *testing.T) {
	const text = "addons:\n  coredns:\n    enabled: false\n    values:\n      extraConfig: \"\"\n      upstreamNameservers: []\n" +
		"apiVersion: fitout.dev/v1alpha1\ncni: none\nkind: Cluster\nkubeProxy:\n  enabled: false\nnetwork:\n  podCIDR: 10.244.0.0/16\n" +
		"patches:\n- patch: '{}'\n  target:\n    kind: Deployment\n"
	file, err := clusterfile.Read("c.yaml", strings.NewReader(strings.Replace(text, "cni: none\n", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Set("--cni", "cni", "none"); err != nil {
		t.Fatal(err)
	}
	stated, err := file.Stated()
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(stated)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text, string(got)); diff != "" {
		t.Error(diff)
	}
}
