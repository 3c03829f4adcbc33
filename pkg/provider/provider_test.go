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
	"k8s.io/apimachinery/pkg/runtime/schema"
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
	roles := map[string]provider.Wanted{"cni": {}, "proxy": {}, "dns": {Addresses: []string{"10.32.0.10"}}, "metrics": {}, "ingress": {}, "node-health": {}, "storage": {DefaultClass: true}}
	for _, c := range clusters {
		t.Run(c.Name, func(t *testing.T) {
			var o provider.Observed
			for _, fields := range c.Objects {
				observe(t, &o, fields)
			}
			settings(catalogue.Providers(), &o)
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

func observe(t *testing.T, o *provider.Observed, fields map[string]any) {
	t.Helper()
	text, err := yaml.Marshal(fields)
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse("cluster", text)
	if err != nil {
		t.Fatal(err)
	}
	add := func(s provider.Source, object *manifest.Object) {
		if o.Settings == nil {
			o.Settings = map[provider.Source]*manifest.Object{}
		}
		o.Settings[s] = object
	}
	for _, object := range objects {
		switch object.GetKind() {
		case "Node":
			o.Nodes = append(o.Nodes, object)
		case "Service":
			o.Services = append(o.Services, object)
		case "StorageClass":
			o.StorageClasses = append(o.StorageClasses, object)
		case "ConfigMap":
			add(provider.Source{Resource: schema.GroupVersionResource{Version: "v1", Resource: "configmaps"}, Namespace: object.GetNamespace(), Name: object.GetName()}, object)
		case "FelixConfiguration":
			add(provider.Source{Resource: schema.GroupVersionResource{Group: "crd.projectcalico.org", Version: "v1", Resource: "felixconfigurations"}, Name: object.GetName()}, object)
		case "APIService":
			o.APIServices = append(o.APIServices, object)
		default:
			o.Workloads = append(o.Workloads, object)
		}
	}
}

// settings leaves of the settings those that are asked for.
func settings(rules []bundle.Provider, o *provider.Observed) {
	asked := map[provider.Source]*manifest.Object{}
	for _, s := range provider.Sources(rules, *o) {
		if found := o.Settings[s]; found != nil {
			asked[s] = found
		}
	}
	o.Settings = asked
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
		named := &manifest.Object{Object: map[string]any{"kind": "DaemonSet", "apiVersion": "apps/v1", "metadata": map[string]any{"name": "cilium"}, "spec": spec}}
		observed := provider.Observed{Nodes: []*manifest.Object{node}, Workloads: []*manifest.Object{o, named}, Services: []*manifest.Object{o}, StorageClasses: []*manifest.Object{o}}
		observed.Settings = map[provider.Source]*manifest.Object{}
		for _, s := range provider.Sources(catalogue.Providers(), observed) {
			observed.Settings[s] = &manifest.Object{Object: map[string]any{"data": spec}}
		}
		roles := map[string]provider.Wanted{"proxy": {}, "dns": {Addresses: []string{"10.0.0.10"}}, "storage": {DefaultClass: true}}
		if found := provider.Find(catalogue.Providers(), observed, roles, func(*manifest.Object) bool { return false }); len(found) > 0 {
			t.Errorf("%v", found)
		}
	}
}
