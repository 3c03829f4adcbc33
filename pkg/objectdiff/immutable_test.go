package objectdiff

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	"sigs.k8s.io/yaml"
)

// immutableCase is one object of testdata/immutable.yaml and the changes to it.
type immutableCase struct {
	Object  json.RawMessage
	Minor   string
	Changes []struct {
		Set          json.RawMessage
		Refused      []string
		Minor, Needs string
	}
}

// Each change is judged as the table says, in both minors or in the one that it is for. Those that need a live object
// are about fields that the server fills in; they are judged where there is one (pkg/cluster).
func TestImmutable(t *testing.T) {
	file, err := os.ReadFile("testdata/immutable.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var cases []immutableCase
	if err := yaml.UnmarshalStrict(file, &cases); err != nil {
		t.Fatal(err)
	}
	refused := map[string]bool{} // kind and field
	for _, c := range cases {
		live := parseImmutable(t, c.Object)
		for _, change := range c.Changes {
			text, err := jsonpatch.MergePatch(c.Object, change.Set)
			if err != nil {
				t.Fatal(err)
			}
			for _, path := range change.Refused {
				refused[live.GetKind()+" "+path] = true
			}
			for _, minor := range []string{"1.18", "1.36"} {
				if change.Needs == "live" || c.Minor != "" && c.Minor != minor || change.Minor != "" && change.Minor != minor {
					continue
				}
				if diff := cmp.Diff(change.Refused, immutablePaths(minor, parseImmutable(t, text), live)); diff != "" {
					t.Errorf("%s: %s %s: %s", minor, manifest.IDOf(live), change.Set, diff)
				}
			}
		}
	}
	for kind, rules := range immutable {
		for _, r := range rules {
			found := false
			for path := range refused {
				found = found || strings.HasPrefix(path, kind.Kind+" "+r.field)
			}
			if !found {
				t.Errorf("no case in which %s of %s is refused", r.field, kind.Kind)
			}
		}
	}
}

func parseImmutable(t *testing.T, text []byte) *manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("case", text)
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}

func immutablePaths(minor string, wanted, live *manifest.Object) []string {
	var paths []string
	for _, d := range Immutable(minor, wanted, live) {
		paths = append(paths, d.Path)
	}
	return paths
}

// What is refused is said with both values, but for a Secret's, and an object of another shape than its kind has does no
// harm.
func TestImmutableText(t *testing.T) {
	for name, test := range map[string]struct{ wanted, live, want string }{
		"changed":        {"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: b}", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, provisioner: c}", "provisioner is c, not b"},
		"taken away":     {"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}}", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, parameters: {x: z}}", "parameters.x is z, and is to go"},
		"added":          {"{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}, parameters: {x: z}}", "{apiVersion: storage.k8s.io/v1, kind: StorageClass, metadata: {name: a}}", `parameters is gone, not {"x":"z"}`},
		"Secret":         {"{apiVersion: v1, kind: Secret, metadata: {name: a}, immutable: true, data: {a: b3Vycw==}, stringData: {b: ours}}", "{apiVersion: v1, kind: Secret, metadata: {name: a}, immutable: true, data: {a: dGhlaXJz, c: dGhlaXJz}}", `data.a is "(hidden)", not "(hidden)", data.b is "(hidden)", not "(hidden)", data.c is "(hidden)", not "(hidden)"`},
		"of odd shapes":  {"{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: [1]}", "{apiVersion: apps/v1, kind: StatefulSet, metadata: {name: a}, spec: {selector: 7, volumeClaimTemplates: x}}", `spec.selector is 7, and is to go, spec.volumeClaimTemplates is x, and is to go`},
		"of odd Secrets": {"{apiVersion: v1, kind: Secret, metadata: {name: a}, data: [x], stringData: {b: 1}}", "{apiVersion: v1, kind: Secret, metadata: {name: a}, immutable: true, data: 1}", `immutable is true, and is to go, data is "(hidden)", not "(hidden)"`},
		"not known":      {"{apiVersion: example.org/v1, kind: StorageClass, metadata: {name: a}, provisioner: b}", "{apiVersion: example.org/v1, kind: StorageClass, metadata: {name: a}, provisioner: c}", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, d := range Immutable("1.36", parseImmutable(t, []byte(test.wanted)), parseImmutable(t, []byte(test.live))) {
				got = append(got, d.String())
			}
			if diff := cmp.Diff(test.want, strings.Join(got, ", ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}
