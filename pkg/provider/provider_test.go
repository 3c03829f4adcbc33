package provider_test

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// Each cluster has what an installer leaves in it, in short, and the providers that the catalogue's rules find there.
func TestFind(t *testing.T) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile("testdata/clusters.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var clusters []struct {
		Name    string           `json:"name"`
		Objects []map[string]any `json:"objects"`
		Want    []string         `json:"want"`
	}
	if err := yaml.UnmarshalStrict(text, &clusters); err != nil {
		t.Fatal(err)
	}
	roles := []string{"cni", "proxy", "dns", "metrics", "ingress", "node-health", "storage"}
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) {
			var o provider.Observed
			for _, fields := range c.Objects {
				add(t, &o, fields)
			}
			var got []string
			for _, f := range provider.Find(catalogue.Providers(), o, roles, func(o *manifest.Object) bool { return o.GetLabels()["ours"] != "" }) {
				got = append(got, fmt.Sprintf("%s: %s: %s", f.Role, f.Name, f.Object))
			}
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Error(diff)
			}
			if none := provider.Find(catalogue.Providers(), o, nil, func(*manifest.Object) bool { return false }); len(none) > 0 {
				t.Errorf("no role was asked for, and there is %v", none)
			}
		})
	}
}

func add(t *testing.T, o *provider.Observed, fields map[string]any) {
	t.Helper()
	text, err := yaml.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse("cluster", text)
	if err != nil {
		t.Fatal(err)
	}
	for _, object := range objects {
		switch object.GetKind() {
		case "Node":
			o.Nodes = append(o.Nodes, object)
		case "Service":
			o.Services = append(o.Services, object)
		case "APIService":
			o.APIServices = append(o.APIServices, object)
		default:
			o.Workloads = append(o.Workloads, object)
		}
	}
}

// Objects of others may be of any form.
func TestFindMalformed(t *testing.T) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, spec := range []any{nil, "text", []any{int64(1)}, map[string]any{"template": "x"}, map[string]any{"template": map[string]any{"spec": map[string]any{
		"containers": []any{nil, "x", map[string]any{"ports": "x", "image": int64(1)}}, "volumes": map[string]any{}}}}} {
		o := &manifest.Object{Object: map[string]any{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": map[string]any{"name": strings.Repeat("a", 1000)}, "spec": spec}}
		node := &manifest.Object{Object: map[string]any{"kind": "Node", "apiVersion": "v1", "status": map[string]any{"conditions": []any{nil, "x", map[string]any{"type": int64(1)}}, "nodeInfo": spec}}}
		if found := provider.Find(catalogue.Providers(), provider.Observed{Nodes: []*manifest.Object{node}, Workloads: []*manifest.Object{o}}, []string{"cni", "proxy"}, func(*manifest.Object) bool { return false }); len(found) > 0 {
			t.Errorf("%v", found)
		}
	}
}
