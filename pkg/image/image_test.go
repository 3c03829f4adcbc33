package image_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

const digest = "sha256:e7e6440cfd1e919280958f5b5a6ab2b184d385bba774c12ad2a9e1e4183f90d9"

func TestParse(t *testing.T) {
	for text, want := range map[string]string{
		"traefik:v3":                           "docker.io/library/traefik:v3",
		"traefik":                              "docker.io/library/traefik:latest",
		"index.docker.io/traefik:v3":           "docker.io/library/traefik:v3",
		"scaleway/csi:v1":                      "docker.io/scaleway/csi:v1",
		"registry.k8s.io/a/b:v1@" + digest:     "registry.k8s.io/a/b:v1@" + digest,
		"registry.k8s.io/a/b@" + digest:        "registry.k8s.io/a/b@" + digest,
		"localhost:5000/a":                     "localhost:5000/a:latest",
		"Registry.Example.com/a:V1":            "Registry.Example.com/a:V1",
		"registry.k8s.io/a b":                  "",
		"registry.k8s.io/A:v1":                 "",
		"":                                     "",
		"a@sha256:12":                          "",
		strings.Repeat("a/", 200) + "a:latest": "",
	} {
		got, err := image.Parse(text)
		if err != nil {
			if want != "" {
				t.Errorf("%s: %v", text, err)
			} else if !strings.HasSuffix(err.Error(), "write one such as registry.example.com/name:v1.2.3") || len(err.Error()) > 400 {
				t.Errorf("%s: %v", text, err)
			}
			continue
		}
		if got.String() != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
}

func TestMirrors(t *testing.T) {
	mirrors := image.Mirrors{
		{Target: "m.example:5000/all"}, {Source: "registry.k8s.io", Target: "m.example/k8s"}, {Source: "registry.k8s.io/sig-storage", Target: "csi.example"},
		{Source: "index.docker.io", Target: "m.example/hub"}, {Source: "quay.io/cilium/cilium", Target: "m.example/agent"},
	}
	for text, want := range map[string]string{
		"ghcr.io/a/b:v1":                             "m.example:5000/all/ghcr.io/a/b:v1",
		"other.example:444/a/b:v1":                   "m.example:5000/all/other.example_444/a/b:v1",
		"registry.k8s.io/coredns/coredns:v1":         "m.example/k8s/coredns/coredns:v1",
		"registry.k8s.io/sig-storage/x:v1@" + digest: "csi.example/x:v1@" + digest,
		"registry.k8s.io/sig-storage2/x:v1":          "m.example/k8s/sig-storage2/x:v1",
		"traefik:v3":                                 "m.example/hub/library/traefik:v3",
		"quay.io/cilium/cilium:v1":                   "m.example/agent/cilium:v1",
		"m.example/k8s/coredns/coredns:v1":           "m.example/k8s/coredns/coredns:v1", // is there already
	} {
		from, err := image.Parse(text)
		if err != nil {
			t.Fatal(err)
		}
		got, elsewhere := mirrors.For(from)
		if got.String() != want || elsewhere != (want != text) {
			t.Errorf("%s: %s (elsewhere: %v), want %s", text, got, elsewhere, want)
		}
	}
	flat := image.Mirrors{{Target: "m.example", Layout: image.Flattened}}
	a, _ := image.Parse("quay.io/x/y:v1")
	b, _ := image.Parse("ghcr.io/x/y:v1")
	if got, _ := flat.For(a); got.String() != "m.example/x/y:v1" {
		t.Errorf("flattened: %s", got)
	}
	if got := flat.Collisions([]image.Reference{a, b, a}); len(got) != 1 || got[0] != [2]image.Reference{a, b} {
		t.Errorf("collisions: %v", got)
	}
	if got := mirrors.Collisions([]image.Reference{a, b, a}); got != nil {
		t.Errorf("collisions with a prefix: %v", got)
	}
}

const objects = `
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: agent, namespace: kube-system}
spec:
  template:
    spec:
      initContainers:
      - {name: install, image: quay.io/a/install:v1}
      containers:
      - name: agent
        image: quay.io/a/agent
        args: ["--helper-image=busybox:1.36", "--config=/etc/a.yaml", "--endpoint=https://quay.io/v2/x:1", "quay.io/a/tool:v2"]
        env:
        - {name: PAUSE_IMAGE, value: "pause:3"}
        - {name: OTHER, value: "x=quay.io/a/other@` + digest + `"}
      volumes:
      - name: content
        image: {reference: "quay.io/a/content:v1"}
      - name: host
        hostPath: {path: /quay.io/a:b}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: kube-system}
data:
  a.conf: |
    image = quay.io/a/job:v1
    mail = someone@quay.io/a/mail:v1
    url = http://quay.io/a/page:v1
    again = quay.io/a/job:v1, quay.io/a/job:v1.2
---
apiVersion: example.com/v1
kind: Widget
metadata: {name: w}
spec: {nested: [{picture: "quay.io/a/widget:v1"}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec: {description: such as quay.io/a/never:v1}
`

// Every place that names an image is found, and nothing else; and a mirror changes just those places.
func TestFindAndRewrite(t *testing.T) {
	parsed, err := manifest.Parse("test", []byte(objects))
	if err != nil {
		t.Fatal(err)
	}
	describe := func(all []image.Use) []string {
		var out []string
		for _, u := range all {
			kind := "runs"
			if u.Mention {
				kind = "mentions"
			}
			out = append(out, strings.Join([]string{u.Object.Kind, u.Container, u.Path, kind, u.Text}, " "))
		}
		return out
	}
	want := []string{
		"DaemonSet agent spec.template.spec.containers[0].args[0] mentions busybox:1.36",
		"DaemonSet agent spec.template.spec.containers[0].args[3] mentions quay.io/a/tool:v2",
		"DaemonSet agent spec.template.spec.containers[0].env[0].value mentions pause:3",
		"DaemonSet agent spec.template.spec.containers[0].env[1].value mentions quay.io/a/other@" + digest,
		"DaemonSet agent spec.template.spec.containers[0].image runs quay.io/a/agent",
		"DaemonSet install spec.template.spec.initContainers[0].image runs quay.io/a/install:v1",
		"DaemonSet  spec.template.spec.volumes[0].image.reference runs quay.io/a/content:v1",
		"ConfigMap  data.a.conf mentions quay.io/a/job:v1",
		"ConfigMap  data.a.conf mentions quay.io/a/job:v1.2",
		"Widget  spec.nested[0].picture mentions quay.io/a/widget:v1",
	}
	if diff := cmp.Diff(want, describe(image.Find(parsed))); diff != "" {
		t.Errorf("found: %s", diff)
	}

	rewritten, changes := image.Rewrite(parsed, image.Mirrors{{Source: "quay.io", Target: "m.example/q"}, {Source: "docker.io", Target: "m.example/d"}})
	var text strings.Builder
	if err := manifest.Write(&text, rewritten); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"image: m.example/q/a/agent\n", "- --helper-image=m.example/d/library/busybox:1.36\n", "- --endpoint=https://quay.io/v2/x:1\n", "- m.example/q/a/tool:v2\n",
		"value: m.example/d/library/pause:3\n", "value: x=m.example/q/a/other@" + digest + "\n", "reference: m.example/q/a/content:v1\n", "path: /quay.io/a:b\n",
		"image = m.example/q/a/job:v1\n", "again = m.example/q/a/job:v1, m.example/q/a/job:v1.2\n", "mail = someone@quay.io/a/mail:v1\n", "url = http://quay.io/a/page:v1\n",
		"picture: m.example/q/a/widget:v1\n", "description: such as quay.io/a/never:v1\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("rewritten objects lack %q:\n%s", want, &text)
		}
	}
	if len(changes) != len(want) {
		t.Errorf("%d places were rewritten, want %d", len(changes), len(want))
	}
	if got := describe(image.Find(parsed)); !cmp.Equal(got, want) {
		t.Errorf("the objects that were given have changed: %s", cmp.Diff(want, got))
	}
	if same, none := image.Rewrite(parsed, image.Mirrors{{Source: "ghcr.io", Target: "m.example"}}); none != nil || same[0] != parsed[0] {
		t.Error("objects without an image of the source were copied")
	}
}
