package adoption_test

import (
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/adoption"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// rendered is what the bundle 1.36 has for a cluster file.
func rendered(t *testing.T, file string) *fitout.Plan {
	t.Helper()
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	f, err := clusterfile.Read("c.yaml", strings.NewReader("apiVersion: fitout.dev/v1alpha1\nkind: Cluster\n"+file))
	if err != nil {
		t.Fatal(err)
	}
	plan, err := fitout.Prepare(catalogue, f, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// installed are the objects of another installer, who owns all of their fields.
func installed(t *testing.T) map[manifest.ID]*manifest.Object {
	t.Helper()
	text, err := os.ReadFile("testdata/kubeadm.yaml")
	if err != nil {
		t.Fatal(err)
	}
	objects, err := manifest.Parse("kubeadm.yaml", text)
	if err != nil {
		t.Fatal(err)
	}
	live := map[manifest.ID]*manifest.Object{}
	for _, o := range objects {
		fields := owned(map[string]any{"spec": o.Object["spec"], "data": o.Object["data"], "metadata": map[string]any{"labels": o.Object["metadata"].(map[string]any)["labels"]}})
		o.Object["metadata"].(map[string]any)["managedFields"] = []any{map[string]any{"manager": "kubeadm", "operation": "Update", "fieldsV1": fields}}
		live[manifest.IDOf(o)] = o
	}
	return live
}

// owned writes the fields of a map as managed fields have them; lists of named elements have a key.
func owned(node map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range node {
		switch v := value.(type) {
		case map[string]any:
			out["f:"+key] = owned(v)
		case []any:
			elements := map[string]any{}
			for _, e := range v {
				if m, ok := e.(map[string]any); ok && m["name"] != nil {
					elements[`k:{"name":"`+m["name"].(string)+`"}`] = element(owned(m))
				}
			}
			out["f:"+key] = elements
		case nil:
		default:
			out["f:"+key] = map[string]any{}
		}
	}
	return out
}

// element adds to the fields of an element of a list the element itself.
func element(fields map[string]any) map[string]any {
	fields["."] = map[string]any{}
	return fields
}

func lost(plan *fitout.Plan, live map[manifest.ID]*manifest.Object) []string {
	var all []string
	for _, a := range plan.Rendering.Addons {
		for _, o := range a.Objects {
			if found := live[manifest.IDOf(o)]; found != nil {
				for _, line := range adoption.Lost(a.Edits, o, found) {
					all = append(all, manifest.IDOf(o).Kind+": "+line)
				}
			}
		}
	}
	slices.Sort(all)
	return all
}

func TestLost(t *testing.T) {
	want := []string{ // the zone example.net stays where the wanted object has what the addon keeps
		"ConfigMap: Corefile line 17: forward . 192.0.2.1 192.0.2.2 becomes forward . /etc/resolv.conf {",
		"ConfigMap: Corefile line 18: cache 300 becomes cache 30 {",
		"ConfigMap: Corefile line 23 goes: example.net:53 {",
		"ConfigMap: Corefile line 24 goes: forward . 192.0.2.3",
		"ConfigMap: Corefile line 7 goes: hosts {",
		"ConfigMap: Corefile line 8 goes: 192.0.2.20 registry.example.net",
		"ConfigMap: Corefile line 9 goes: fallthrough",
		"ConfigMap: data.config.conf.ipvs.scheduler is lc, and goes",
		"ConfigMap: data.config.conf.ipvs.strictARP is true, and goes",
		"ConfigMap: data.config.conf.mode is ipvs, becomes iptables",
		`ConfigMap: data.config.conf.nodePortAddresses is ["192.0.2.0/24"], and goes`,
		"Deployment: spec.replicas is 3, becomes 1",
		`Deployment: spec.template.spec.containers[name="coredns"].env[name="GOGC"] is (hidden), and goes`,
		"Deployment: spec.template.spec.nodeSelector.pool is system, and goes",
	}
	if diff := cmp.Diff(want, lost(rendered(t, ""), installed(t))); diff != "" {
		t.Error(diff)
	}
}

// What is carried over is a cluster file, and with it less is lost.
func TestCarried(t *testing.T) {
	plan, live := rendered(t, ""), installed(t)
	var addons []adoption.Addon
	for _, a := range plan.Rendering.Addons {
		addons = append(addons, adoption.Addon{Carries: a.Carries, Objects: a.Objects})
	}
	file := map[string]any{}
	adoption.Carry(addons, live, file)
	text, err := yaml.Marshal(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `addons:
  coredns:
    values:
      cacheSeconds: 300
      extraConfig: |-
        hosts {
           192.0.2.20 registry.example.net
           fallthrough
        }
      replicas: 3
      upstreamNameservers:
      - 192.0.2.1
      - 192.0.2.2
  kube-proxy:
    values:
      config:
        ipvs:
          scheduler: lc
          strictARP: true
        nodePortAddresses:
        - 192.0.2.0/24
kubeProxy:
  mode: ipvs
`
	if diff := cmp.Diff(want, string(text)); diff != "" {
		t.Error(diff)
	}
	for _, line := range lost(rendered(t, string(text)), live) {
		for _, carried := range []string{"hosts", "forward . 192.0.2.1", "cache", "config.conf", "replicas"} {
			if strings.Contains(line, carried) {
				t.Errorf("it was carried over: %s", line)
			}
		}
	}
}

// Of a Cilium that Helm installed, settings that get another value are listed; keys that Fitout does not render are not lost.
func TestHelmCilium(t *testing.T) {
	plan, live := rendered(t, "cni: cilium\n"), map[manifest.ID]*manifest.Object{}
	for _, o := range plan.Rendering.Objects() {
		if o.GetKind() != "ConfigMap" || o.GetName() != "cilium-config" {
			continue
		}
		theirs := o.DeepCopy()
		data := theirs.Object["data"].(map[string]any)
		data["debug"], data["enable-hubble"], data["their-own"] = "true", "true", "x"
		theirs.SetLabels(map[string]string{"app.kubernetes.io/managed-by": "Helm"})
		theirs.SetAnnotations(map[string]string{"meta.helm.sh/release-name": "cilium", "meta.helm.sh/release-namespace": "kube-system"})
		theirs.Object["metadata"].(map[string]any)["managedFields"] = []any{map[string]any{"manager": "helm", "operation": "Update", "fieldsV1": owned(map[string]any{"data": data})}}
		live[manifest.IDOf(o)] = theirs
		left, changed, err := fieldowner.Inherit(o, theirs)
		if err != nil || !changed || len(left) != 2 || left[0].Manager != "helm" || !strings.Contains(string(left[0].FieldsV1.GetRawBytes()), "their-own") {
			t.Errorf("managed fields: %v, error %v", left, err)
		}
	}
	lines := strings.Join(lost(plan, live), "\n")
	if !strings.Contains(lines, "data.debug is true, becomes false") || strings.Contains(lines, "their-own") || len(live) != 1 {
		t.Errorf("lost of %d objects:\n%s", len(live), lines)
	}
}

// Texts of others may be anything.
func TestMalformed(t *testing.T) {
	plan := rendered(t, "")
	for _, text := range []any{nil, "", ": :", "{{{", "[1]", "a: &a [*a]", strings.Repeat("a: {", 10_000), int64(1)} {
		live := installed(t)
		for _, o := range live {
			if data, ok := o.Object["data"].(map[string]any); ok {
				for key := range data {
					data[key] = text
				}
			}
		}
		lost(plan, live)
		var addons []adoption.Addon
		for _, a := range plan.Rendering.Addons {
			addons = append(addons, adoption.Addon{Carries: a.Carries, Objects: a.Objects})
		}
		adoption.Carry(addons, live, map[string]any{})
	}
}
