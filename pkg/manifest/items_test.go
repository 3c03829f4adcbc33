package manifest_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Lines are those of the text, whatever document, list and alias an object stands in.
func TestItemLines(t *testing.T) {
	text := `# first
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  labels: {app.kubernetes.io/name: x}
---
apiVersion: v1
kind: List
items:
  - apiVersion: v1
    kind: Pod
    spec:
      containers:
        - name: a
          image: b
---
kind: [broken
---
a: b
`
	items := manifest.Items([]byte(text))
	if len(items) != 4 {
		t.Fatalf("%d items, want 4", len(items))
	}
	for _, test := range []struct {
		item int
		path string
		line int
	}{
		{0, "", 2},
		{0, "metadata.name", 5},
		{0, "metadata.labels.app.kubernetes.io/name", 6},
		{0, "metadata.labels[app.kubernetes.io/name]", 6},
		{0, "metadata.absent.deeper", 4},
		{1, "", 11},
		{1, "spec.containers[0].image", 16},
		{1, "spec.containers[1].image", 14},
		{2, "", 18},
		{3, "", 20},
	} {
		if got := items[test.item].Line(test.path); got != test.line {
			t.Errorf("item %d, %q: line %d, want %d", test.item, test.path, got, test.line)
		}
	}
}

// Parse names every document that is at fault.
func TestParseReportsAll(t *testing.T) {
	_, err := manifest.Parse("f", []byte("a: b\n---\nkind: [\n---\napiVersion: v1\nkind: ConfigMap\n"))
	if err == nil {
		t.Fatal("accepted")
	}
	for _, want := range []string{"f: document 1: ", "f: document 2: ", "f: document 3: ConfigMap has no metadata.name"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is missing in %v", want, err)
		}
	}
}

// No text makes the reader panic, and every fault is on a line of it.
func FuzzItems(f *testing.F) {
	for _, seed := range []string{
		"a: b", "{", "---\n---\n", "\xff\xfe{\x00}\x00", "\ufeffa: b", "a: &a [*a]", "- - -", "? a\n: b", "{}{}", "{\"a\": 1} x",
		"apiVersion: v1\nkind: List\nitems: [null, 1, {kind: List}]", "a: !!binary x", "--- a", "...", "a: 1e999", "{a: b} {c: d}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		for _, item := range manifest.Items(text) {
			if (item.Object == nil) == (item.Err == nil) {
				t.Errorf("%q: neither or both of object and error", text)
			}
			if line := item.Line("metadata.name"); line < 1 || line > strings.Count(string(text), "\n")+strings.Count(string(text), "\r")+len(text)/2+2 {
				t.Errorf("%q: line %d", text, line)
			}
		}
	})
}

// Characters that JSON escapes in two halves are read as one; a backslash before them is none of their business.
func TestItemsSurrogates(t *testing.T) {
	for text, want := range map[string]string{
		`\ud83d\ude00 hi`: "\U0001F600 hi", `\\ud83d`: `\ud83d`, `\ud83d!`: "\uFFFD!", `\u00e9\ude00`: "\u00e9\uFFFD", `\\\ud83d\ude00`: "\\\U0001F600",
	} {
		items := manifest.Items([]byte(`{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"k": "` + text + `"}}`))
		if len(items) != 1 || items[0].Err != nil || items[0].Object.Object["data"].(map[string]any)["k"] != want {
			t.Errorf("%s: %+v", text, items)
		}
	}
}

// What is wrong with the head of a document is said in a way that can be followed.
func TestItemsRemedies(t *testing.T) {
	for text, want := range map[string]string{
		"apiversion: v1\nkind: ConfigMap\n":                                       "has no apiVersion; write it so, in place of apiversion",
		"apiVersion: v1\nkind: [ConfigMap]\n":                                     "write one name alone",
		"apiVersion: v1\nkind: ConfigMap\ndata: {{ .Values.data }}\n{{- end }}\n": "is it a template? Render it first",
	} {
		items := manifest.Items([]byte(text))
		if len(items) != 1 || items[0].Err == nil || !strings.Contains(items[0].Err.Error(), want) {
			t.Errorf("%s: %+v", text, items)
		}
	}
	if items := manifest.Items([]byte("apiVersion: v1\nkind: List\n")); len(items) != 0 {
		t.Errorf("a list without items: %+v", items)
	}
}

// A text that takes little on the disk and much in memory is refused before it is decoded.
func TestItemsStructure(t *testing.T) {
	for name, text := range map[string]string{
		"documents": strings.Repeat("{}\n---\n", 1<<20),
		"a list":    `{"kind":"List","apiVersion":"v1","items":[` + strings.Repeat("{},", 2<<20) + "{}]}",
		"lists":     "a: " + strings.Repeat("[", 2<<20),
	} {
		items := manifest.Items([]byte(text))
		if len(items) != 1 || items[0].Err == nil || !strings.Contains(items[0].Err.Error(), "split the file") || items[0].Line("") != 1 {
			t.Errorf("%s: %d items, the first %v", name, len(items), items[0].Err)
		}
	}
}
