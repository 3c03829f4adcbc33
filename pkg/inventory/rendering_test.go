package inventory_test

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

func labelled(addon string) *manifest.Object {
	o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "data": map[string]any{"n": "1"}}}
	o.SetName("one")
	o.SetLabels(map[string]string{render.LabelAddon: addon, render.LabelManagedBy: render.ManagedBy})
	return o
}

func renderingOf(o *manifest.Object) *inventory.Rendering {
	return &inventory.Rendering{Target: inventory.Target{Bundle: "1.36", Kubernetes: "v1.36.4", Digest: "sha256:01"}, Addons: []inventory.RenderedAddon{{Name: "a", Objects: []*manifest.Object{o}}}}
}

func TestRenderingIsReadAgain(t *testing.T) {
	o, err := renderingOf(labelled("a")).Object(inventory.Slots[0])
	if err != nil {
		t.Fatal(err)
	}
	r, err := inventory.ParseRendering(o)
	if err != nil || len(r.Addons) != 1 || r.Target.Bundle != "1.36" {
		t.Fatalf("%+v, error %v", r, err)
	}
	want, _ := labelled("a").MarshalJSON()
	if got, _ := r.Addons[0].Objects[0].MarshalJSON(); string(got) != string(want) {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestHostileRenderings(t *testing.T) {
	foreign, err := renderingOf(labelled("b")).Object("s")
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"of another addon": foreign.Object["data"].(map[string]any)["rendering.json.gz"].(string),
		"no base64":        "%",
		"no gzip":          base64.StdEncoding.EncodeToString([]byte("plain")),
		"nothing":          "",
	} {
		o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"rendering.json.gz": text}}}
		if _, err := inventory.ParseRendering(o); err == nil || !strings.Contains(err.Error(), "is damaged, or was not written by Fitout") {
			t.Errorf("%s: error %v", name, err)
		}
	}
	large := labelled("a")
	random := make([]byte, 0, 5<<20)
	for i := uint32(1); len(random) < cap(random); i = i*1664525 + 1013904223 {
		random = append(random, "0123456789abcdefghijklmnopqrstuv"[i>>27])
	}
	large.Object["data"] = map[string]any{"x": string(random)}
	if _, err := renderingOf(large).Object("s"); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("a rendering that is too large: error %v", err)
	}
}

// What takes little text and much memory, and definitions that are none, are damage, too.
func TestHostileRenderingTexts(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"a million addons":         {`{"addons":[` + strings.Repeat("{},", 1<<20) + `{}]}`, "more than 200000 values"},
		"a million lists":          {`{"external":` + strings.Repeat("[", 1<<20), "exceeded max depth"},
		"no definition":            {`{"target":{"bundle":"1.36"},"addons":[{"name":"a","created":[null]}]}`, "no definition"},
		"a definition of no group": {`{"target":{"bundle":"1.36"},"addons":[{"name":"a","created":[{"apiVersion":"v1","kind":"CustomResourceDefinition","metadata":{"name":"x"}}]}]}`, "no definition"},
	} {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		if _, err := w.Write([]byte(test.text)); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"rendering.json.gz": base64.StdEncoding.EncodeToString(packed.Bytes())}}}
		if _, err := inventory.ParseRendering(o); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: error %v", name, err)
		}
	}
}
