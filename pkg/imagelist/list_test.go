package imagelist_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/imagelist"
)

func catalogue(t *testing.T) *bundle.Catalogue {
	t.Helper()
	c, err := bundle.LoadLayers(bundle.Source{Addons: addons.FS, Bundles: bundles.FS})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The images of a bundle are those of its entries and its nodes: each is in the list of some combination, and nothing else is.
func TestComplete(t *testing.T) {
	c := catalogue(t)
	batch := fitout.NewBatch(c)
	for _, minor := range c.Minors() {
		b, _ := c.Bundle(minor)
		builder := imagelist.NewBuilder()
		for _, combo := range combination.Of(c, minor) {
			plan, err := batch.Prepare(combo.File, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := builder.Add(plan.Rendering, b.NodeImages); err != nil {
				t.Fatal(err)
			}
			for _, i := range plan.Rendering.Images() {
				if i.Mention {
					t.Errorf("%s: %s: %s names %s outside the image of a container", minor, i.Object, i.Path, i.Text)
				}
			}
		}
		var got []string
		for _, i := range builder.List().Images {
			got = append(got, i.Image)
		}
		want := map[string]bool{}
		for _, e := range b.Addons {
			for _, text := range e.Images {
				ref, err := image.Parse(strings.ReplaceAll(text, "{{ .kubernetesVersion }}", b.TestedVersion))
				if err != nil {
					t.Fatal(err)
				}
				want[ref.String()] = true
			}
		}
		for _, n := range b.NodeImages {
			want[n.Image] = true
		}
		for text := range want {
			if !slices.Contains(got, text) {
				t.Errorf("%s: no combination pulls %s of the bundle", minor, text)
			}
		}
		for _, text := range got {
			if !want[text] {
				t.Errorf("%s: %s is pulled, and not in the bundle", minor, text)
			}
		}
		if len(b.NodeImages) == 0 {
			t.Errorf("%s: the bundle names no image of nodes", minor)
		}
	}
}

// Mirrors change which place an image is pulled from, and neither the list nor the digest of what is rendered.
func TestMirrors(t *testing.T) {
	c := catalogue(t)
	var plain clusterfile.File
	plain.KubernetesVersion, plain.CNI = "1.36", "flannel"
	mirrored := plain
	mirrored.Registries = []clusterfile.Registry{{Mirror: "m.example/all"}, {Source: "ghcr.io", Mirror: "nodes.example:5000/g", At: clusterfile.AtNodes}, {Source: "registry.k8s.io", Mirror: "m.example/k8s"}}
	before, err := fitout.Prepare(c, plain, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	after, err := fitout.Prepare(c, mirrored, nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if before.Rendering.Digest != after.Rendering.Digest {
		t.Errorf("the digest of what is rendered depends on the mirrors: %s, %s", before.Rendering.Digest, after.Rendering.Digest)
	}
	for i, a := range after.Rendering.Addons {
		b := before.Rendering.Addons[i]
		if a.Digest != b.Digest || a.Applied == a.Digest || b.Applied != b.Digest {
			t.Errorf("addon %s: digests %s and %s, as applied %s and %s", a.Name, a.Digest, b.Digest, a.Applied, b.Applied)
		}
	}
	builder := imagelist.NewBuilder()
	if err := builder.Add(after.Rendering, []bundle.NodeImage{{Image: "ghcr.io/pause:1"}}); err != nil {
		t.Fatal(err)
	}
	for _, i := range builder.List().Images {
		want := strings.Replace("m.example/all/"+i.Image, "m.example/all/registry.k8s.io", "m.example/k8s", 1)
		if strings.HasPrefix(i.Image, "ghcr.io/pause") {
			want = strings.Replace(i.Image, "ghcr.io", "nodes.example:5000/g", 1)
		}
		if i.Pulled != want {
			t.Errorf("%s is pulled from %s, want %s", i.Image, i.Pulled, want)
		}
	}
	found := slices.ContainsFunc(after.Findings, func(f clusterfile.Finding) bool {
		return f.Field == "registries" && f.Value == "all from m.example/all"
	})
	if !found {
		t.Errorf("the findings do not tell of the mirrors: %v", after.Findings)
	}
}

func list(t *testing.T, references ...string) *imagelist.List {
	t.Helper()
	l := &imagelist.List{}
	for _, text := range references {
		ref, err := image.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		l.Images = append(l.Images, imagelist.Image{Image: text, Digest: ref.Digest, Reference: ref})
	}
	return l
}

func TestHosts(t *testing.T) {
	l := list(t, "docker.io/library/traefik:v3", "registry.k8s.io/a/b:v1", "registry.k8s.io/c:v1", "quay.io/x:v1")
	hosts, err := imagelist.Hosts(l, image.Mirrors{{Source: "docker.io", Target: "m.example"}, {Source: "registry.k8s.io", Target: "m.example:5000/k8s"}})
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		print func(*strings.Builder) error
		want  string
	}{
		"containerd": {func(w *strings.Builder) error { return imagelist.HostsTOML(w, hosts) }, `# /etc/containerd/certs.d/docker.io/hosts.toml
server = "https://registry-1.docker.io"

[host."https://m.example/v2"]
  capabilities = ["pull", "resolve"]

# /etc/containerd/certs.d/registry.k8s.io/hosts.toml
server = "https://registry.k8s.io"

[host."https://m.example:5000/v2/k8s"]
  capabilities = ["pull", "resolve"]
  override_path = true
`},
		"k3s": {func(w *strings.Builder) error { return imagelist.RegistriesYAML(w, hosts) }, `# /etc/rancher/k3s/registries.yaml, or /etc/rancher/rke2/registries.yaml
mirrors:
  docker.io:
    endpoint:
    - https://m.example
  registry.k8s.io:
    endpoint:
    - https://m.example:5000
    rewrite:
      ^(.*)$: k8s/$1
`},
	} {
		var got strings.Builder
		if err := test.print(&got); err != nil || got.String() != test.want {
			t.Errorf("%s: %v\n%s", name, err, &got)
		}
	}
	for want, mirrors := range map[string]image.Mirrors{
		"below a path that container runtimes cannot be told of": {{Source: "registry.k8s.io/a/b", Target: "m.example/other"}},
		"container runtimes are told of one place":               {{Source: "registry.k8s.io", Target: "m.example"}, {Source: "registry.k8s.io/a", Target: "m.example/k/a"}},
	} {
		if _, err := imagelist.Hosts(l, mirrors); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: %v", mirrors, err)
		}
	}
}

func TestLock(t *testing.T) {
	const digest = "sha256:e7e6440cfd1e919280958f5b5a6ab2b184d385bba774c12ad2a9e1e4183f90d9"
	var out strings.Builder
	if err := imagelist.Lock(&out, list(t, "quay.io/x:v1")); err == nil || out.Len() > 0 || !strings.Contains(err.Error(), "quay.io/x:v1") {
		t.Errorf("a lock without a digest: %v %s", err, &out)
	}
	if err := imagelist.Lock(&out, list(t, "quay.io/x:v1@"+digest)); err != nil {
		t.Fatal(err)
	}
	want := "apiVersion: imgpkg.carvel.dev/v1alpha1\nimages:\n- annotations:\n    kbld.carvel.dev/id: quay.io/x:v1@" + digest + "\n  image: quay.io/x@" + digest + "\nkind: ImagesLock\n"
	if out.String() != want {
		t.Errorf("got\n%s", &out)
	}
}
