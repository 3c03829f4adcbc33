package fitout_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// renderedObject returns a rendered object by its kind and name; nil if there is none.
func renderedObject(plan *fitout.Plan, kind, name string) *manifest.Object {
	for _, o := range plan.Rendering.Objects() {
		if o.GetKind() == kind && o.GetName() == name {
			return o
		}
	}
	return nil
}

// Any field of kube-proxy's configuration can be set, and one is enough to restart it.
func TestKubeProxyConfig(t *testing.T) {
	config := func(text string) (map[string]any, string) {
		plan, err := preparedFrom(t, text)
		if err != nil {
			t.Fatal(err)
		}
		file, _, _ := unstructured.NestedString(renderedObject(plan, "ConfigMap", "kube-proxy").Object, "data", "config.conf")
		var got map[string]any
		if err := yaml.Unmarshal([]byte(file), &got); err != nil {
			t.Fatal(err)
		}
		return got, templates(t, plan)["kube-proxy"].Annotations["fitout.dev/config"]
	}
	want, before := config("")
	got, after := config("addons: {kube-proxy: {values: {config: {ipvs: {strictARP: true}, conntrack: {maxPerCore: 0, min: 5}, nodePortAddresses: [10.0.0.0/8]}}}}")
	want["ipvs"] = map[string]any{"strictARP": true}
	want["conntrack"] = map[string]any{"maxPerCore": 0.0, "min": 5.0}
	want["nodePortAddresses"] = []any{"10.0.0.0/8"}
	if diff := cmp.Diff(want, got); diff != "" || before == after {
		t.Errorf("%s, hashes %s and %s", diff, before, after)
	}
	for _, field := range []string{"kind: x", "apiVersion: x", "mode: ipvs", "clusterCIDR: 10.0.0.0/8"} {
		name, _, _ := strings.Cut(field, ":")
		if _, err := preparedFrom(t, "addons: {kube-proxy: {values: {config: {"+field+"}}}}"); err == nil || !strings.Contains(err.Error(), "config."+name) {
			t.Errorf("%s: error %v", field, err)
		}
	}
}

// The image of kube-proxy is that of the API server's own version, pre-releases included.
func TestKubeProxyImage(t *testing.T) {
	for version, want := range map[string]string{"v1.37.0-rc.1": "v1.37.0-rc.1", "v1.36.4+k3s1": "v1.36.4", "v1.36.4-gke.100": "v1.36.4", "v1.36.4-eks-abc": "v1.36.4"} {
		plan, err := fitout.Prepare(catalogue(t), clusterfile.File{}, &clusterfile.Facts{KubernetesVersion: version}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if image := templates(t, plan)["kube-proxy"].Spec.Containers[0].Image; image != "registry.k8s.io/kube-proxy:"+want {
			t.Errorf("%s: image %s", version, image)
		}
	}
}

func TestIPVSIsDeprecated(t *testing.T) {
	for text, want := range map[string]int{
		"kubeProxy: {mode: ipvs}":                      1,
		"addons: {kube-proxy: {values: {mode: ipvs}}}": 1,
		"kubeProxy: {mode: nftables}":                  0,
		"kubeProxy: {mode: ipvs, enabled: false}":      0,
	} {
		plan, err := preparedFrom(t, text)
		if err != nil {
			t.Fatal(err)
		}
		if len(plan.Warnings) != want || want == 1 && !strings.Contains(plan.Warnings[0], "deprecated") {
			t.Errorf("%s: warnings %q", text, plan.Warnings)
		}
	}
	for minor, want := range map[string]int{"1.18": 0, "1.34": 0, "1.35": 1, "1.37": 1, "v1.35.0-rc.1": 1} {
		file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: minor, KubeProxy: clusterfile.KubeProxy{Mode: "ipvs"}}}
		plan, err := fitout.Prepare(catalogue(t), file, nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(strings.Join(plan.Warnings, " "), "ipvs"); got != want {
			t.Errorf("%s: warnings %q", minor, plan.Warnings)
		}
	}
}

// One class is the default, the other, or none.
func TestDefaultClass(t *testing.T) {
	const annotation = "storageclass.kubernetes.io/is-default-class"
	for value, want := range map[string][2]string{"scw-bssd": {"true", ""}, "scw-bssd-retain": {"", "true"}, "none": {"", ""}} {
		plan, err := preparedFrom(t, "addons: {scaleway-csi: {values: {defaultClass: "+value+"}}}")
		if err != nil {
			t.Fatal(err)
		}
		got := [2]string{renderedObject(plan, "StorageClass", "scw-bssd").GetAnnotations()[annotation], renderedObject(plan, "StorageClass", "scw-bssd-retain").GetAnnotations()[annotation]}
		if got != want {
			t.Errorf("%s: %v, want %v", value, got, want)
		}
	}
	if _, err := preparedFrom(t, "addons: {scaleway-csi: {values: {defaultClass: other}}}"); err == nil || !strings.Contains(err.Error(), "scw-bssd-retain, none") {
		t.Errorf("error %v", err)
	}
}
