package manifest_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/util/json"
)

const a, b = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n", "apiVersion: v1\nkind: Secret\nmetadata: {name: b, namespace: x}\n"

// What is parsed, told by the objects' IDs.
func TestParse(t *testing.T) {
	const onlyA, both = "ConfigMap a", "ConfigMap a, Secret x/b"
	for name, test := range map[string]struct{ text, want string }{
		"nothing":              {"", ""},
		"one":                  {a, onlyA},
		"two":                  {a + "---\n" + b, both},
		"a marker first":       {"---\n" + a, onlyA},
		"markers with nothing": {"---\n---\n\n---\n" + a + "---\n \n---\n", onlyA},
		"a marker and blanks":  {a + "---  \t\n" + b, both},
		"a marker, a comment":  {a + "--- # b follows\n" + b, both},
		"a marker, an object":  {a + "--- {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: x}}\n", both},
		"an end marker":        {a + "...\n" + b, both},
		"both markers":         {a + "...\n---\n" + b, both},
		"comments only":        {"# one\n---\n# two\n", ""},
		"a comment first":      {"# Source: a\n" + a, onlyA},
		"null":                 {"null\n---\n~\n---\n" + a, onlyA},
		"CRLF":                 {strings.ReplaceAll(a+"---\n"+b, "\n", "\r\n"), both},
		"a byte order mark":    {"\ufeff" + a, onlyA},
		"no line at the end":   {strings.TrimSpace(a), onlyA},
		"JSON":                 {`{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"a"}}`, onlyA},
		"JSON with tabs":       {"{\n\t\"apiVersion\": \"v1\",\n\t\"kind\": \"ConfigMap\",\n\t\"metadata\": {\"name\": \"a\"}\n}\n", onlyA},
		"JSON and YAML":        {a + "---\n" + `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"b","namespace":"x"}}`, both},
		"YAML in braces":       {`{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}`, onlyA},
		"a List":               {"apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: ConfigMap, metadata: {name: a}}\n- {apiVersion: v1, kind: Secret, metadata: {name: b, namespace: x}}\n", both},
		"a List of a kind":     {"apiVersion: v1\nkind: ConfigMapList\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]\n", onlyA},
		"a List of nothing":    {"apiVersion: v1\nkind: List\nitems: []\n", ""},
		"a List in a List":     {"{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}]}]}", onlyA},
		"items of no List":     {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nitems: [1]\n", onlyA},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("text", []byte(test.text))
			if err != nil {
				t.Fatal(err)
			}
			if got := ids(objects); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no apiVersion":        {"kind: ConfigMap\nmetadata: {name: a}", "text: document 1: ConfigMap has no apiVersion"},
		"no kind":              {"apiVersion: v1\nmetadata: {name: a}", "text: document 1: the object has no kind"},
		"no name":              {"apiVersion: v1\nkind: ConfigMap\nmetadata: {generateName: a-}", "text: document 1: ConfigMap has no metadata.name"},
		"no metadata":          {"apiVersion: v1\nkind: ConfigMap", "text: document 1: ConfigMap has no metadata.name"},
		"a number for a name":  {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: 1}", "text: document 1: metadata.name is 1, which is no string; put it in quotes"},
		"a boolean for a name": {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: on}", "text: document 1: metadata.name is true, which is no string; put it in quotes"},
		"metadata is no map":   {"apiVersion: v1\nkind: ConfigMap\nmetadata: a", "text: document 1: ConfigMap has a metadata that is no map"},
		"a bad apiVersion":     {"apiVersion: a/b/c\nkind: ConfigMap\nmetadata: {name: a}", "text: document 1: apiVersion: unexpected GroupVersion string: a/b/c"},
		"a text":               {"hello", "text: document 1: is no object, which has an apiVersion, a kind and metadata"},
		"a list":               {"[1]", "text: document 1: is no object, which has an apiVersion, a kind and metadata"},
		"the second document":  {"---\n" + a + "---\n---\nhello\n", "text: document 2: is no object, which has an apiVersion, a kind and metadata"},
		"an item of a List":    {"apiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}, {apiVersion: v1, kind: ConfigMap}]", "text: document 1: items[1]: ConfigMap has no metadata.name"},
		"a key twice":          {a + "kind: Secret\n", `text: document 1: yaml: unmarshal errors:` + "\n" + `  line 4: key "kind" already set in map`},
		"a key twice in JSON":  {`{"kind":"A","kind":"B"}`, `text: document 1: yaml: unmarshal errors:` + "\n" + `  line 1: key "kind" already set in map`},
		"two JSON texts":       {`{"a":1} {"b":2}`, "text: document 1: goes on after the end of its first object; separate objects by a line of ---"},
		"lines of JSON":        {"{\"a\":1}\n{\"b\":2}\n", "text: document 1: goes on after the end of its first object; separate objects by a line of ---"},
		"less and less indent": {"  a: 1\nb: 2\n", "text: document 1: goes on after the end of its first object; separate objects by a line of ---"},
		"after a mark":         {"\ufeff{a: 1} {b: 2}\n", "text: document 1: goes on after the end of its first object; separate objects by a line of ---"},
		"no end":               {"{a: [1}", "text: document 1: yaml: did not find expected ',' or ']'"},
		"a tab":                {"a:\n\tb: c\n", "text: document 1: yaml: line 2: found character that cannot start any token"},
		"not a number":         {"a: .nan\n", "text: document 1: json: unsupported value: NaN"},
	} {
		t.Run(name, func(t *testing.T) {
			objects, err := manifest.Parse("text", []byte(test.text))
			if err == nil || err.Error() != test.want {
				t.Errorf("error %v, want %s; objects %s", err, test.want, ids(objects))
			}
		})
	}
}

// Values are what YAML says they are, and numbers are not rounded.
func TestParseValues(t *testing.T) {
	const text = `apiVersion: v1
kind: ConfigMap
metadata: {name: a}
data:
  script: |
    echo a
    ---
    echo b
  --- : marker
  text: "1"
  large: 9007199254740993
  largest: 9223372036854775807
  smallest: -9223372036854775808
  toolarge: 18446744073709551615
  float: 1.5
  whole: 1.0
  octal: 0644
  yes: no
  nothing: null
  date: 2026-01-01
`
	want := map[string]any{
		"script": "echo a\n---\necho b\n", "---": "marker", "text": "1", "large": int64(9007199254740993), "largest": int64(9223372036854775807),
		"smallest": int64(-9223372036854775808), "toolarge": 18446744073709551615.0, "float": 1.5, "whole": int64(1), "octal": int64(420),
		"true": false, "nothing": nil, "date": "2026-01-01",
	}
	objects, err := manifest.Parse("text", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, objects[0].Object["data"]); diff != "" {
		t.Error(diff)
	}
}

func ids(objects []*manifest.Object) string {
	var out []string
	for _, o := range objects {
		out = append(out, manifest.IDOf(o).String())
	}
	return strings.Join(out, ", ")
}

// FuzzParse: nothing makes Parse panic, and what it takes is the same after it was written and parsed again.
func FuzzParse(f *testing.F) {
	for _, seed := range []string{
		a, a + "--- # c\n" + b, strings.ReplaceAll(a+"...\n"+b, "\n", "\r\n"), "kind: List\napiVersion: v1\nitems:\n- " + `{"apiVersion":"v1","kind":"A","metadata":{"name":"a"}}`,
		a + "data: {a: |-, b: 1e3, c: 0x10, d: '1e3', e: \"\\u2028\\ufeff\", <<: {f: g}, '<<': h, ? [i] : j}\n", a + "data: &a {b: *a}\n",
		a + "data:\n  k: |\n    x\n    ---\n    y\n  l: >-\n    folded\n    text\n", a + "data: {n: 9223372036854775808, m: -0.0, o: 1e400, p: !!binary aGk=}\n",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := manifest.Parse("fuzz", text)
		if err != nil {
			return
		}
		for _, o := range objects {
			if id := manifest.IDOf(o); id.Kind == "" || id.Name == "" {
				t.Errorf("no kind or name: %v", o.Object)
			}
		}
		var out bytes.Buffer
		if err := manifest.Write(&out, objects); err != nil {
			t.Fatal(err)
		}
		again, err := manifest.Parse("written", out.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, out.Bytes())
		}
		if before, after := asJSON(t, objects), asJSON(t, again); before != after {
			t.Errorf("%s\nis written as\n%s\nand parsed as\n%s", before, out.Bytes(), after)
		}
	})
}

func asJSON(t *testing.T, objects []*manifest.Object) string {
	var out strings.Builder
	for _, o := range objects {
		text, err := json.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(text, '\n'))
	}
	return out.String()
}
