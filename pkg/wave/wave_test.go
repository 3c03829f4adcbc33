package wave_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/google/go-cmp/cmp"
)

// addon builds an addon from "name: provides / requires" and its objects from "Kind name" words.
func addon(name string, provides, requires []string, objects ...string) render.Addon {
	a := render.Addon{Addon: bundle.Addon{Name: name, Provides: provides, Requires: requires}}
	for _, text := range objects {
		kind, objectName, _ := strings.Cut(text, " ")
		o := &manifest.Object{}
		o.SetAPIVersion("v1")
		o.SetKind(kind)
		o.SetName(objectName)
		o.SetLabels(map[string]string{render.LabelAddon: name})
		a.Objects = append(a.Objects, o)
	}
	return a
}

func TestPlan(t *testing.T) {
	r := &render.Rendering{Addons: []render.Addon{
		addon("cni", []string{"network"}, nil, "DaemonSet cni", "Namespace cni", "ClusterRole cni", "CustomResourceDefinition pools"),
		addon("dns", []string{"dns"}, []string{"network", "services"}, "Deployment dns", "Service dns"),
		addon("metrics", []string{"metrics"}, []string{"dns"}, "APIService metrics", "Deployment metrics"),
		addon("proxy", []string{"services"}, nil, "DaemonSet proxy"),
	}}
	waves, err := wave.Plan(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	wave.Print(&got, waves)
	want := `1 namespaces
    Namespace cni (cni)
2 definitions
    CustomResourceDefinition pools (cni)
3 configuration
    ClusterRole cni (cni)
    Service dns (dns)
4 network+services
    DaemonSet cni (cni)
    DaemonSet proxy (proxy)
5 dns
    Deployment dns (dns)
6 addons
    Deployment metrics (metrics)
7 addons registration
    APIService metrics (metrics)
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestPlanRefuses(t *testing.T) {
	for name, test := range map[string]struct {
		addons []render.Addon
		want   string
	}{
		"missing provider": {
			[]render.Addon{addon("dns", nil, []string{"network"})},
			"addon dns requires network, which no selected addon provides",
		},
		"cycle": {
			[]render.Addon{addon("a", []string{"x"}, []string{"y"}), addon("b", []string{"y"}, []string{"x"})},
			"a -> b -> a",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := wave.Plan(&render.Rendering{Addons: test.addons}, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v does not say %q", err, test.want)
			}
		})
	}
}

func TestPlanTakesExternal(t *testing.T) {
	r := &render.Rendering{Addons: []render.Addon{addon("dns", nil, []string{"network"}, "Deployment dns")}}
	waves, err := wave.Plan(r, []string{"network"})
	if err != nil || len(waves) != 1 {
		t.Errorf("waves %v, error %v; want one wave", waves, err)
	}
}
