package fieldowner

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"sigs.k8s.io/yaml"
)

func parsedObject(t *testing.T, text string) *manifest.Object {
	t.Helper()
	o := &manifest.Object{}
	if err := yaml.Unmarshal([]byte(text), &o.Object); err != nil {
		t.Fatal(err)
	}
	return o
}

const goingLive = `
apiVersion: v1
kind: ConfigMap
metadata:
  name: a
  annotations: {ours: x}
  managedFields:
  - manager: fitout
    operation: Apply
    fieldsV1: {"f:metadata": {"f:annotations": {"f:ours": {}}}, "f:data": {"f:a": {}, "f:ab": {}, "f:b": {}, "f:shared": {}, "f:gone": {}}}
  - manager: kubectl
    operation: Update
    fieldsV1: {"f:data": {"f:shared": {}, "f:theirs": {}}}
data: {a: "1", ab: "1", b: "1", shared: "1", theirs: "1"}`

// What Fitout set and no longer wants goes, unless somebody else has set it, too, or it is gone already.
func TestGoing(t *testing.T) {
	wanted := parsedObject(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {b: '1'}")
	live := parsedObject(t, goingLive)
	if got := paths(Going(wanted, live, true)); got != "data.a data.ab metadata.annotations.ours" {
		t.Error(got)
	}
	if got := paths(Going(wanted, live, false)); got != "" { // there is no record
		t.Error(got)
	}
	record, err := EncodeApplied(parsedObject(t, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata: {a: '1', b: '1', gone: '1'}"))
	if err != nil {
		t.Fatal(err)
	}
	live.SetAnnotations(map[string]string{LastApplied: record})
	if got := paths(Going(wanted, live, false)); got != "data.a" {
		t.Error(got)
	}
}

func paths(all []objectdiff.Difference) string {
	var out []string
	for _, d := range all {
		out = append(out, d.Path)
	}
	return strings.Join(out, " ")
}

// Who has set a field between two looks is named: not Fitout, not Kubernetes itself, not who writes the status.
func TestSince(t *testing.T) {
	entry := func(manager, time, subresource, fields string) string {
		return "  - {manager: " + manager + ", operation: Update, time: '" + time + "', subresource: '" + subresource + "', fieldsV1: " + fields + "}\n"
	}
	const first, then, k, m, status = "2026-01-01T00:00:00Z", "2026-01-01T00:00:05Z", `{"f:data": {"f:k": {}}}`, `{"f:data": {"f:k": {}, "f:m": {}}}`, `{"f:status": {}}`
	before := entry("fitout", first, "", k) + entry("a", first, "", m)
	for name, test := range map[string]struct{ after, want string }{
		"nothing":                     {before, ""},
		"a new manager":               {before + entry("kubectl-edit", then, "", k), "kubectl-edit"},
		"another field":               {entry("a", first, "", `{"f:data": {"f:m": {}, "f:n": {}}}`), "a"},
		"the same field again":        {entry("a", then, "", m), "a"},
		"a field that was taken away": {entry("a", first, "", k), ""},
		"the status":                  {before + entry("b", then, "status", k) + entry("c", then, "", status), ""},
		"Kubernetes and Fitout":       {before + entry("kube-controller-manager", then, "", k) + entry("fitout", then, "", m), ""},
	} {
		object := func(entries string) *manifest.Object {
			return parsedObject(t, "kind: ConfigMap\napiVersion: v1\nmetadata:\n  name: a\n  managedFields:\n"+entries)
		}
		if got := strings.Join(Since(object(before), object(test.after)), " "); got != test.want {
			t.Errorf("%s: %q, want %q", name, got, test.want)
		}
	}
}
