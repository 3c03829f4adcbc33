package kubeapi_test

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/rogpeppe/go-internal/txtar"
	"sigs.k8s.io/yaml"
)

// A verdictCase is an input with one fault, or with none, and the recorded verdict of kube-apiserver 1.36.
type verdictCase struct {
	name    string
	text    []byte
	accepts bool
}

// verdictCases are the cases of testdata: a field changed (fields.txt), a custom resource (custom.txt), a text (texts.txtar).
func verdictCases(t testing.TB) []verdictCase {
	t.Helper()
	all := fieldCases(t)
	all = append(all, customCases(t)...)
	archive, err := txtar.ParseFile("testdata/texts.txtar")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range archive.Files {
		verdict, name, _ := strings.Cut(f.Name, " ")
		text := strings.NewReplacer(`\r`, "\r", `\t`, "\t", `\xff`, "\xff", `\ufeff`, "\ufeff").Replace(string(f.Data))
		all = append(all, verdictCase{name, []byte(text), verdict == "accepts"})
	}
	return all
}

// lines returns the lines of a table without comments, cut into n columns.
func lines(t testing.TB, file string, n int) [][]string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows [][]string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line == "" || line[0] == '#' {
			continue
		}
		row := strings.SplitN(line, " ", n)
		if len(row) < n || row[0] != "accepts" && row[0] != "refuses" {
			t.Fatalf("%s: %q is not a verdict and %d columns", file, line, n-1)
		}
		rows = append(rows, row)
	}
	return rows
}

func fieldCases(t testing.TB) []verdictCase {
	t.Helper()
	bases := map[string][]byte{}
	text, err := os.ReadFile("testdata/bases.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var all []verdictCase
	for _, doc := range strings.Split(string(text), "\n---\n") {
		var head struct{ Kind string }
		if err := yaml.Unmarshal([]byte(doc), &head); err != nil {
			t.Fatal(err)
		}
		bases[head.Kind] = []byte(doc)
		all = append(all, verdictCase{head.Kind, []byte(doc), true})
	}
	for _, row := range lines(t, "testdata/fields.txt", 4) {
		var object map[string]any
		if err := yaml.Unmarshal(bases[row[1]], &object); err != nil || object == nil {
			t.Fatalf("%v: no base: %v", row, err)
		}
		// The value goes in as text, so that the decoder under test is the one that reads it.
		const mark = "MARK"
		change(object, row[2], row[3] == "<none>", mark)
		changed, err := yaml.Marshal(object)
		if err != nil {
			t.Fatal(err)
		}
		changed = []byte(strings.Replace(string(changed), mark, row[3], 1))
		all = append(all, verdictCase{strings.Join(row[1:], " "), changed, row[0] == "accepts"})
	}
	return all
}

// change sets or removes the field at a path such as spec.containers[0].name.
func change(node any, path string, remove bool, value any) {
	head, rest, deeper := strings.Cut(path, ".")
	name, index, indexed := strings.Cut(head, "[")
	m := node.(map[string]any)
	if !indexed && !deeper {
		if remove {
			delete(m, name)
		} else {
			m[name] = value
		}
		return
	}
	if m[name] == nil {
		m[name] = map[string]any{}
	}
	next := m[name]
	if indexed {
		i, _ := strconv.Atoi(strings.TrimSuffix(index, "]"))
		list := next.([]any)
		if !deeper {
			list[i] = value
			return
		}
		next = list[i]
	}
	change(next, rest, remove, value)
}

// customCases are custom resources whose field spec.a has a schema and a value.
func customCases(t testing.TB) []verdictCase {
	t.Helper()
	var all []verdictCase
	for _, row := range lines(t, "testdata/custom.txt", 2) {
		schema, value, ok := strings.Cut(row[1], " => ")
		if !ok {
			t.Fatalf("%v has no =>", row)
		}
		group := "g" + strconv.Itoa(len(all)) + ".example.org"
		text := `
apiVersion: ` + group + `/v1
kind: T
metadata: {name: t, namespace: default}
spec: ` + value + `
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: ts.` + group + `}
spec:
  group: ` + group + `
  scope: Namespaced
  names: {kind: T, plural: ts, singular: t, listKind: TList}
  versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, properties: {spec: ` + schema + `}}}}]
`
		all = append(all, verdictCase{row[1], []byte(text), row[0] == "accepts"})
	}
	return all
}

// faultsOf is what validate finds in a text.
func faultsOf(api *kubeapi.Snapshot, text []byte) []string {
	var objects []*manifest.Object
	var found []string
	items := manifest.Items(text)
	for _, item := range items {
		if item.Err != nil {
			found = append(found, item.Err.Error())
		} else {
			objects = append(objects, item.Object)
		}
	}
	if len(items) == 0 {
		found = append(found, "no objects")
	}
	for _, f := range api.Check(objects) {
		found = append(found, f.Fault(objects[f.Object]).Error())
	}
	return found
}

// Check and the API server of 1.36 agree on each case. The verdicts are those of a real server: TestVerdicts.
func TestCases(t *testing.T) {
	api := load(t, "1.36")
	cases := verdictCases(t)
	for _, c := range cases {
		found := faultsOf(api, c.text)
		if (len(found) == 0) != c.accepts {
			t.Errorf("%s: the server accepts: %v; found %q", c.name, c.accepts, found)
		}
		for _, f := range found {
			if strings.Contains(f, "\n") || strings.Contains(f, "%!") || !strings.Contains(f, " ") {
				t.Errorf("%s: the fault %q is not one line of text", c.name, f)
			}
		}
	}
	t.Logf("%d cases", len(cases))
}
