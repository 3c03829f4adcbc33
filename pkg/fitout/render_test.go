package fitout_test

import (
	"io/fs"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func prepare(t *testing.T, c *bundle.Catalogue, minor, cni, ingress string) *fitout.Plan {
	t.Helper()
	file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: minor, CNI: cni, Ingress: ingress}}
	plan, err := fitout.Prepare(c, file, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

// The managed cluster of May 2020 that the 1.18 bundle models, with Cilium and ingress-nginx.
func TestReferenceCluster(t *testing.T) {
	plan := prepare(t, catalogue(t), "1.18", "cilium", "nginx")
	got := map[string][]string{}
	for _, o := range plan.Rendering.Objects() {
		switch o.GetKind() {
		case "DaemonSet", "Deployment", "ServiceAccount", "StorageClass", "PodSecurityPolicy":
			got[o.GetKind()] = append(got[o.GetKind()], o.GetNamespace()+"/"+o.GetName())
		}
	}
	for kind := range got {
		slices.Sort(got[kind])
	}
	in := func(names ...string) []string {
		for i := range names {
			names[i] = "kube-system/" + names[i]
		}
		return names
	}
	want := map[string][]string{
		"DaemonSet":      in("cilium", "csi-node", "kube-proxy", "nginx-ingress", "node-problem-detector"),
		"Deployment":     in("cilium-operator", "coredns", "metrics-server"),
		"ServiceAccount": in("cilium", "cilium-operator", "coredns", "csi-node-sa", "kube-proxy", "metrics-server", "nginx-ingress", "node-problem-detector"),
		"StorageClass":   {"/scw-bssd", "/scw-bssd-retain"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	for _, name := range want["Deployment"] {
		if n, _, _ := unstructured.NestedInt64(find(t, plan.Rendering, "Deployment", name).Object, "spec", "replicas"); n != 1 {
			t.Errorf("Deployment %s has %d replicas, want 1", name, n)
		}
	}
	if n := len(containers(find(t, plan.Rendering, "DaemonSet", "kube-system/csi-node"))); n != 2 {
		t.Errorf("csi-node has %d containers, want 2", n)
	}
	var ports []string
	for _, c := range containers(find(t, plan.Rendering, "DaemonSet", "kube-system/nginx-ingress")) {
		list, _, _ := unstructured.NestedSlice(c.(map[string]any), "ports")
		for _, p := range list {
			port := p.(map[string]any)
			if port["containerPort"] != port["hostPort"] {
				t.Errorf("port %v: container and host port differ", port)
			}
			ports = append(ports, port["protocol"].(string)+" "+map[int64]string{80: "80", 443: "443"}[port["hostPort"].(int64)])
		}
	}
	if want := []string{"TCP 80", "TCP 443"}; !slices.Equal(ports, want) {
		t.Errorf("ports of nginx-ingress are %v, want %v", ports, want)
	}
}

func find(t *testing.T, r *render.Rendering, kind, name string) *manifest.Object {
	t.Helper()
	for _, o := range r.Objects() {
		if o.GetKind() == kind && o.GetNamespace()+"/"+o.GetName() == name {
			return o
		}
	}
	t.Fatalf("no %s %s is rendered", kind, name)
	return nil
}

func containers(o *manifest.Object) []any {
	list, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
	return list
}

// A bump of one addon changes that addon's objects and no other's. A bump of its version alone, which is a label, leaves
// the pod templates as they are, so that it restarts nothing.
func TestBumpChangesOneAddon(t *testing.T) {
	text, err := fs.ReadFile(bundles.FS, "1.36.yaml")
	if err != nil {
		t.Fatal(err)
	}
	bumped := strings.Replace(string(text), "version: 1.14.2\n", "version: 1.14.3\n", 1)
	if bumped == string(text) {
		t.Fatal("the bundle has no CoreDNS 1.14.2 to bump")
	}
	next, err := bundle.Load(addons.FS, fstest.MapFS{"1.36.yaml": {Data: []byte(bumped)}})
	if err != nil {
		t.Fatal(err)
	}
	before := prepare(t, catalogue(t), "1.36", "cilium", "traefik").Rendering
	after := prepare(t, next, "1.36", "cilium", "traefik").Rendering
	if before.Digest == after.Digest {
		t.Error("the digest of the whole did not change")
	}
	for i, a := range after.Addons {
		if changed := a.Digest != before.Addons[i].Digest; changed != (a.Name == "coredns") {
			t.Errorf("addon %s: changed is %v", a.Name, changed)
		}
		for j, o := range a.Objects {
			was, _, _ := unstructured.NestedMap(before.Addons[i].Objects[j].Object, "spec", "template")
			is, _, _ := unstructured.NestedMap(o.Object, "spec", "template")
			if diff := cmp.Diff(was, is); diff != "" {
				t.Errorf("%s: the pod template changed, which restarts its pods:\n%s", manifest.IDOf(o), diff)
			}
		}
	}
}

func TestLabels(t *testing.T) {
	for _, o := range prepare(t, catalogue(t), "1.36", "flannel", "nginx").Rendering.Objects() {
		labels := o.GetLabels()
		if labels[render.LabelManagedBy] != "fitout" || labels[render.LabelAddon] == "" || labels[render.LabelVersion] == "" || labels[render.LabelBundle] != "1.36" {
			t.Errorf("%s: labels %v", manifest.IDOf(o), labels)
		}
		template, _, _ := unstructured.NestedStringMap(o.Object, "spec", "template", "metadata", "labels")
		for key := range maps.Keys(template) {
			if key == render.LabelManagedBy || strings.HasPrefix(key, "fitout.dev/") {
				t.Errorf("%s: its pod template has the label %s", manifest.IDOf(o), key)
			}
		}
	}
}

// The same input gives the same bytes, however often and whatever was rendered in between.
func TestRenderingIsRepeatable(t *testing.T) {
	digest := func() string { return prepare(t, catalogue(t), "1.18", "cilium", "nginx").Rendering.Digest }
	first := digest()
	prepare(t, catalogue(t), "1.36", "flannel", "traefik")
	for range 5 {
		if again := digest(); again != first {
			t.Fatalf("digest %s, then %s", first, again)
		}
	}
}
