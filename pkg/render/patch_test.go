package render

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A patch that cannot be applied is not printed: it may hold a password.
func TestPatchErrorsKeepPatches(t *testing.T) {
	objects, err := manifest.Parse("test", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: demo}\ndata: {a: b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	target := clusterfile.Target{Kind: "ConfigMap"}
	for name, test := range map[string]struct{ patch, want string }{
		"a text":                  {"password: hunter2: hunter2", "is not YAML: an error somewhere"},
		"broken on a later line":  {"data:\n  password: hunter2\n a: [", "is not YAML: an error at line 2 of the patch"},
		"an unknown alias":        {"data: *hunter2", "is not YAML: an error somewhere"},
		"a control character":     {"data: \x01hunter2", "is not YAML: an error somewhere"},
		"a scalar":                {"hunter2", "is a single value; give a partial object, or a list of operations"},
		"nothing":                 {"# hunter2", "is empty; give a partial object, or a list of operations"},
		"a list of texts":         {"[hunter2, hunter2]", ""},
		"operations without op":   {"[{path: /data/a, value: hunter2}]", ""},
		"operations on nothing":   {"[{op: replace, path: /data/none/none, value: hunter2}]", ""},
		"a deletion of something": {"data: {a: {$patch: hunter2, b: hunter2}}", ""},
		"values of another type":  {"data: [hunter2]", ""},
	} {
		t.Run(name, func(t *testing.T) {
			addons := []Addon{{Objects: []*manifest.Object{objects[0].DeepCopy()}}}
			_, err := patchAll(addons, []clusterfile.Patch{{Target: target, Patch: test.patch}})
			if test.want == "" && err == nil {
				return // kustomize takes it
			}
			if err == nil || strings.Contains(err.Error(), "hunter2") || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("error %v, want %q", err, test.want)
			}
		})
	}
}

// kustomize's own annotations do not stay in the objects.
func TestPatchLeavesNoNotes(t *testing.T) {
	objects, err := manifest.Parse("test", []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c, namespace: demo}\ndata: {a: b}\n"))
	if err != nil {
		t.Fatal(err)
	}
	for _, patch := range []string{`[{op: add, path: /metadata/annotations, value: {team: platform}}]`, `[{op: replace, path: /data/a, value: c}]`, "metadata: {annotations: {team: platform}}"} {
		addons := []Addon{{Objects: []*manifest.Object{objects[0].DeepCopy()}}}
		if _, err := patchAll(addons, []clusterfile.Patch{{Target: clusterfile.Target{Kind: "ConfigMap"}, Patch: patch}}); err != nil {
			t.Fatal(err)
		}
		for key := range addons[0].Objects[0].GetAnnotations() {
			if key != "team" {
				t.Errorf("%s: annotation %s", patch, key)
			}
		}
	}
}
