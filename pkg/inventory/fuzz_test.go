package inventory_test

import (
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// FuzzParse: whatever stands in the ConfigMap, reading it never panics; what is taken can be written and read again, has
// resources that belong to the kinds, and nothing that a terminal would follow. An error is a short line.
func FuzzParse(f *testing.F) {
	f.Add("["+entry(nil)+"]", `{"a":{"version":"1.0","digest":"01","objects":2}}`, "null", "1.36")
	f.Add("["+custom("a", "widgets")+","+custom("b", "widgets")+"]", "{}", `{"bundle":"1.35"}`, "")
	f.Add(`[{"kind":"Widget","name":"kube-flannel","resource":"namespaces"}]`, "null", "null", "1.36\n")
	f.Add("[[[]],{}", "[]", "{}", "\x1b")
	f.Add("null", "{}", "null", "")
	f.Fuzz(func(t *testing.T, entries, addons, previous, bundle string) {
		o := configMap(t, packed(t, entries))
		data := o.Object["data"].(map[string]any)
		data["addons.json"], data["previous.json"], data["bundle"] = addons, previous, bundle
		taken(t, o)
	})
}

// FuzzUnpack: whatever the compressed bytes.
func FuzzUnpack(f *testing.F) {
	for _, text := range []string{"[" + entry(nil) + "]", "null", "[]"} {
		b, err := base64.StdEncoding.DecodeString(packed(f, text))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
		f.Add(b[:len(b)-8])
		f.Add(append(slices.Clone(b), b...))
	}
	f.Fuzz(func(t *testing.T, bytes []byte) { taken(t, configMap(t, base64.StdEncoding.EncodeToString(bytes))) })
}

func taken(t *testing.T, o *manifest.Object) {
	i, err := inventory.Parse(o)
	if err != nil {
		if text := err.Error(); len(text) > 1000 || !printable(text) {
			t.Errorf("error %q", text)
		}
		return
	}
	again, err := i.Object()
	if err != nil {
		t.Fatal(err)
	}
	if same, err := inventory.Parse(again); err != nil || !same.Same(i) {
		t.Errorf("%+v, then %+v, error %v", i, same, err)
	}
	kinds := manifest.KindsOf(nil)
	for _, e := range i.Entries {
		want, known := kinds[schema.GroupKind{Group: e.Group, Kind: e.Kind}]
		if known && (e.Resource != want.Name || (e.Namespace != "") != want.Namespaced) || !known && !strings.Contains(e.Group, ".") {
			t.Errorf("%s has the resource %s", e.ID, e.Resource)
		}
		if all := e.Group + e.Version + e.Resource + e.ID.String() + e.Addon + string(e.UID) + e.Digest; !printable(all) || strings.ContainsAny(e.Name, "/%") {
			t.Errorf("%q", all)
		}
	}
}

func printable(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) })
}

// FuzzRendering: whatever stands in the Secret of a rendering, reading it never panics; every object that is taken is one of its addon,
// and the kinds of all can be told.
func FuzzRendering(f *testing.F) {
	f.Add(`{"target":{"bundle":"1.36","kubernetes":"v1.36.4","digest":"sha256:01"},"addons":[{"name":"a","objects":[{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"x","labels":{"fitout.dev/addon":"a","app.kubernetes.io/managed-by":"fitout"}}}]}]}`)
	f.Add(`{"addons":[{"name":"a","created":[{"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"x"},"spec":{"versions":[null]}}]}]}`)
	f.Add(`{"addons":[{"objects":[null]}]}`)
	f.Add("null")
	f.Fuzz(func(t *testing.T, text string) {
		o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Secret", "data": map[string]any{"rendering.json.gz": packed(t, text)}}}
		r, err := inventory.ParseRendering(o)
		if err != nil {
			if text := err.Error(); len(text) > 1000 || !printable(text) {
				t.Errorf("error %q", text)
			}
			return
		}
		rendering := render.Rendering{Bundle: r.Target.Bundle}
		for _, a := range r.Addons {
			rendering.Addons = append(rendering.Addons, render.Addon{Objects: a.Objects, Created: a.Created})
			for _, o := range a.Objects {
				if o.GetLabels()[render.LabelAddon] != a.Name {
					t.Errorf("%s is not of addon %q", manifest.IDOf(o), a.Name)
				}
			}
		}
		rendering.Kinds()
	})
}
