package manifest_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

func parse(t *testing.T, text string) []*manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("text", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func digest(t *testing.T, objects []*manifest.Object) string {
	t.Helper()
	d, err := manifest.Digest(objects)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestID(t *testing.T) {
	objects := parse(t, a+"---\n"+b+"---\napiVersion: apps/v1beta2\nkind: DaemonSet\nmetadata: {name: c, namespace: x}\n")
	if diff := cmp.Diff("ConfigMap a, Secret x/b, DaemonSet x/c", ids(objects)); diff != "" {
		t.Error(diff)
	}
	if got, want := manifest.IDOf(objects[2]), (manifest.ID{Group: "apps", Kind: "DaemonSet", Namespace: "x", Name: "c"}); got != want {
		t.Errorf("%#v, want %#v", got, want)
	}
	if got := manifest.GroupKindOf(objects[2]).String(); got != "DaemonSet.apps" {
		t.Error(got)
	}
}

// IDs are ordered by kind, group, namespace and name.
func TestSort(t *testing.T) {
	want := []string{"v1 A - z", "a/v1 A - a", "b/v1 A - a", "b/v1 A x a", "b/v1 A x b", "a/v1 B - a"}
	objects := func(lines []string) (out []*manifest.Object) {
		for _, line := range lines {
			words := strings.Fields(line)
			o := &manifest.Object{}
			o.SetAPIVersion(words[0])
			o.SetKind(words[1])
			o.SetNamespace(strings.Trim(words[2], "-"))
			o.SetName(words[3])
			out = append(out, o)
		}
		return out
	}
	shuffled := slices.Clone(want)
	slices.Reverse(shuffled)
	got := objects(shuffled)
	manifest.Sort(got)
	if diff := cmp.Diff(ids(objects(want)), ids(got)); diff != "" {
		t.Error(diff)
	}
	for i, o := range got {
		for j, p := range got {
			if c := manifest.IDOf(o).Compare(manifest.IDOf(p)); (c < 0) != (i < j) || (c == 0) != (i == j) {
				t.Errorf("%s compared with %s is %d", manifest.IDOf(o), manifest.IDOf(p), c)
			}
		}
	}
}

func TestWrite(t *testing.T) {
	objects := parse(t, "metadata:\n  name: a\n  labels: {b: 'on', a: \"1\"}\nkind: ConfigMap\napiVersion: v1\ndata: {text: \"one\\n---\\ntwo\\n\", large: 9007199254740993}\n---\n"+b)
	want := `---
apiVersion: v1
data:
  large: 9007199254740993
  text: |
    one
    ---
    two
kind: ConfigMap
metadata:
  labels:
    a: "1"
    b: "on"
  name: a
---
apiVersion: v1
kind: Secret
metadata:
  name: b
  namespace: x
`
	var got bytes.Buffer
	if err := manifest.Write(&got, objects); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got.String()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(objects, parse(t, got.String())); diff != "" {
		t.Errorf("not the same when parsed again: %s", diff)
	}
}

func TestWriteFails(t *testing.T) {
	full := errors.New("disk full")
	if err := manifest.Write(failing{full}, parse(t, a)); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	unprintable := &manifest.Object{Object: map[string]any{"kind": "A", "metadata": map[string]any{"name": "a"}, "f": func() {}}}
	if err := manifest.Write(&bytes.Buffer{}, []*manifest.Object{unprintable}); err == nil || !strings.HasPrefix(err.Error(), "A a: ") {
		t.Errorf("error %v", err)
	}
	if d, err := manifest.Digest([]*manifest.Object{unprintable}); err == nil || !strings.HasPrefix(err.Error(), "A a: ") {
		t.Errorf("digest %s, error %v", d, err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// The digest is of what the objects say: neither their order nor that of their fields matters, and how they are written
// does not either.
func TestDigestIsStable(t *testing.T) {
	text := a + "data: {x: z, i: 1}\n---\n" + b
	want := "sha256:70755e6ad30fa0b646460b1158eb8c743a309ac9909ca498c23cd7c424ef83b4"
	for name, other := range map[string]string{
		"the same":            text,
		"other order":         b + "---\n" + a + "data: {x: z, i: 1}\n",
		"other fields' order": "data: {i: 1, x: z}\n" + a + "---\n" + b,
		"JSON":                `{"kind":"ConfigMap","apiVersion":"v1","data":{"x":"z","i":1},"metadata":{"name":"a"}}` + "\n---\n" + b,
		"comments":            "# a\n" + text,
	} {
		objects := parse(t, other)
		before := ids(objects)
		if got := digest(t, objects); got != want {
			t.Errorf("%s: %s", name, got)
		}
		if ids(objects) != before {
			t.Errorf("%s: Digest changed the order", name)
		}
	}
}

// Any change is another digest.
func TestDigestTellsChanges(t *testing.T) {
	seen := map[string]string{}
	for name, text := range map[string]string{
		"nothing":          "",
		"one":              a,
		"two":              a + "---\n" + b,
		"other name":       strings.Replace(a, "name: a", "name: b", 1),
		"other kind":       strings.Replace(a, "ConfigMap", "Secret", 1),
		"other version":    strings.Replace(a, "v1", "v2", 1),
		"field more":       a + "data: {x: w}\n",
		"other value":      a + "data: {x: z}\n",
		"empty value":      a + "data: {x: ''}\n",
		"no value":         a + "data: {x: null}\n",
		"number":           a + "data: {x: 1}\n",
		"text of a number": a + "data: {x: '1'}\n",
		"boolean":          a + "data: {x: true}\n",
		"other key":        a + "data: {w: z}\n",
		"list":             a + "data: {x: [a, b]}\n",
		"other list":       a + "data: {x: [b, a]}\n",
		"large number":     a + "data: {x: 9007199254740993}\n",
		"one less":         a + "data: {x: 9007199254740992}\n",
	} {
		d := digest(t, parse(t, text))
		if !strings.HasPrefix(d, "sha256:") || len(d) != len("sha256:")+64 {
			t.Errorf("%s: digest %s", name, d)
		}
		if other, twice := seen[d]; twice {
			t.Errorf("%s and %s have one digest", name, other)
		}
		seen[d] = name
	}
}
