package wave_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
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
	if err := wave.Tree(&got, waves); err != nil {
		t.Fatal(err)
	}
	want := `1 namespaces
├─ cni
│  └─ Namespace cni
└─ gate: opens when
   └─ Namespace cni is active
2 definitions
├─ cni
│  └─ CustomResourceDefinition pools
└─ gate: opens when
   └─ CustomResourceDefinition pools is established
3 configuration
├─ cni
│  └─ ClusterRole cni
├─ dns
│  └─ Service dns
└─ gate: opens at once
4 network+services
├─ cni
│  └─ DaemonSet cni
├─ proxy
│  └─ DaemonSet proxy
└─ gate: opens when
   ├─ DaemonSet cni has a ready pod on every node that it belongs on
   └─ DaemonSet proxy has a ready pod on every node that it belongs on
5 dns
├─ dns
│  └─ Deployment dns
└─ gate: opens when
   └─ Deployment dns has all its pods ready
6 addons
├─ metrics
│  └─ Deployment metrics
└─ gate: opens when
   └─ Deployment metrics has all its pods ready
7 addons registration
├─ metrics
│  └─ APIService metrics
└─ gate: opens when
   └─ APIService metrics is available
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

// What the printed gates say must be what package check judges, for every kind that an addon may hold.
func TestGatesAreThoseOfCheck(t *testing.T) {
	gated := 0
	for kind := range manifest.KindsOf(nil) {
		o := &manifest.Object{}
		o.SetKind(kind.Kind)
		o.SetName("a")
		objects := []*manifest.Object{o}
		printed, judged := len(wave.Wave{Objects: objects}.Gate()) > 0, check.Gated(objects)
		if printed != judged {
			t.Errorf("%s: printed as awaited: %v, judged by check: %v", kind.Kind, printed, judged)
		}
		if judged {
			gated++
		}
	}
	if gated == 0 {
		t.Error("no kind is judged: nothing was compared")
	}
}

func TestJSON(t *testing.T) {
	r := &render.Rendering{Addons: []render.Addon{addon("cni", nil, nil, "DaemonSet cni", "ClusterRole cni")}}
	waves, err := wave.Plan(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := wave.JSON(&got, waves); err != nil {
		t.Fatal(err)
	}
	want := `{"waves":[{"name":"configuration","objects":[{"kind":"ClusterRole","name":"cni","addon":"cni"}]},` +
		`{"name":"addons","objects":[{"kind":"DaemonSet","name":"cni","addon":"cni"}],` +
		`"gate":[{"object":{"kind":"DaemonSet","name":"cni"},"state":"has a ready pod on every node that it belongs on"}]}]}`
	var compact bytes.Buffer
	if err := json.Compact(&compact, []byte(got.String())); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, compact.String()); diff != "" {
		t.Error(diff)
	}
}

// Objects of a kind that a controller defines come after that controller, whose gate waits for the definition.
func TestPlanCreated(t *testing.T) {
	cni := addon("cni", []string{"network"}, nil, "DaemonSet cni", "ServiceAccount cni")
	cni.Created = []*manifest.Object{{Object: map[string]any{
		"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
		"metadata": map[string]any{"name": "policies.cni.io", "labels": map[string]any{render.LabelAddon: "cni"}},
		"spec":     map[string]any{"group": "cni.io", "names": map[string]any{"kind": "Policy", "plural": "policies"}},
	}}}
	dns := addon("dns", nil, []string{"network"}, "Deployment dns", "Policy dns", "Policy other")
	dns.Objects[1].SetAPIVersion("cni.io/v1")
	dns.Objects[2].SetAPIVersion("other.io/v1") // of the same name in another group
	waves, err := wave.Plan(&render.Rendering{Addons: []render.Addon{cni, dns}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	if err := wave.Tree(&got, waves); err != nil {
		t.Fatal(err)
	}
	want := `1 configuration
├─ cni
│  └─ ServiceAccount cni
├─ dns
│  └─ Policy other
└─ gate: opens at once
2 network
├─ cni
│  └─ DaemonSet cni
└─ gate: opens when
   ├─ DaemonSet cni has a ready pod on every node that it belongs on
   └─ CustomResourceDefinition policies.cni.io is created by cni and established
3 network resources
├─ dns
│  └─ Policy dns
└─ gate: opens at once
4 addons
├─ dns
│  └─ Deployment dns
└─ gate: opens when
   └─ Deployment dns has all its pods ready
`
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
}
