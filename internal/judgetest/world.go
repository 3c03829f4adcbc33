// Package judgetest holds the clusters that the tests of the judge change: one for its checks, one for its probes. The tests of
// check, probes and diagnose read it from their own folders, which stand side by side.
package judgetest

import (
	"embed"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// Fields are an object, or a merge patch of one, as YAML has it.
type Fields = map[string]any

// A world is a cluster as testdata/world.yaml has it: objects with the status that they have where all is well.
type world struct {
	Addons []struct {
		Name    string        `json:"name"`
		Checks  bundle.Checks `json:"checks"`
		Objects []Fields      `json:"objects"`
	} `json:"addons"`
	Nodes []Fields `json:"nodes"`
	Pods  []Fields `json:"pods"`
}

// A Case changes the world and says what Judge says otherwise then. Changes are merge patches by kind and name; null
// takes the object away, and a name that is not there adds one.
type Case struct {
	Name     string            `json:"name"`
	Rendered map[string]Fields `json:"rendered"` // changes what is rendered, and with it what is live
	Live     map[string]Fields `json:"live"`     // changes what is live
	Since    time.Time         `json:"since"`
	Want     []string          `json:"want"` // rows that differ from those of the world: "addon check verdict detail; remedy"
}

//go:embed testdata
var testdata embed.FS

// read holds the files that have been read, as JSON.
var read = map[string][]byte{}

// ReadYAML reads a file of the package under test.
func ReadYAML(t *testing.T, file string, into any) {
	t.Helper()
	decode(t, file, os.ReadFile, into)
}

// decode reads a file once, and decodes it each time.
func decode(t *testing.T, file string, open func(string) ([]byte, error), into any) {
	t.Helper()
	if read[file] == nil {
		text, err := open(file)
		if err != nil {
			t.Fatal(err)
		}
		if read[file], err = yaml.YAMLToJSON(text); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
	}
	if err := json.Unmarshal(read[file], into); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
}

// Observe returns what a case renders and what is observed then.
func Observe(t *testing.T, c Case) ([]render.Addon, observed.Snapshot) {
	t.Helper()
	var w world
	decode(t, "testdata/world.yaml", testdata.ReadFile, &w)
	var addons []render.Addon
	s := observed.Snapshot{Objects: map[manifest.ID]*manifest.Object{}, Since: c.Since}
	for _, a := range w.Addons {
		addon := render.Addon{Addon: bundle.Addon{Name: a.Name, Checks: a.Checks}, Digest: "sha256:" + strings.Repeat("0123456789", 6) + "0123"}
		for _, o := range Changed(a.Objects, c.Rendered, false) {
			rendered := (&manifest.Object{Object: o}).DeepCopy()
			delete(rendered.Object, "status")
			delete(rendered.Object["metadata"].(Fields), "generation")
			addon.Objects = append(addon.Objects, rendered)
		}
		for _, o := range Changed(Changed(a.Objects, c.Rendered, false), c.Live, false) {
			live := &manifest.Object{Object: o}
			s.Objects[manifest.IDOf(live)] = live
			if live.GetKind() == "StorageClass" {
				s.StorageClasses = append(s.StorageClasses, live)
			}
		}
		addons = append(addons, addon)
	}
	for key, patch := range c.Live {
		id := manifest.ID{Group: "storage.k8s.io", Kind: "StorageClass", Name: strings.TrimPrefix(key, "StorageClass ")}
		if patch != nil && id.Name != key && s.Objects[id] == nil { // somebody else's
			o := Fields{"apiVersion": "storage.k8s.io/v1", "kind": id.Kind, "metadata": Fields{"name": id.Name}}
			s.StorageClasses = append(s.StorageClasses, &manifest.Object{Object: Merged(o, patch)})
		}
	}
	s.Nodes = Typed[corev1.Node](t, Changed(kinded("Node", w.Nodes), c.Live, true))
	s.Pods = Typed[corev1.Pod](t, Changed(kinded("Pod", w.Pods), c.Live, true))
	return addons, s
}

func kinded(kind string, list []Fields) []Fields {
	for _, o := range list {
		o["kind"] = kind
	}
	return list
}

// Changed returns objects with the changes that name them, and where add is set those that the changes add.
func Changed(objects []Fields, changes map[string]Fields, add bool) []Fields {
	var out []Fields
	done := map[string]bool{}
	for _, o := range objects {
		key := fmt.Sprintf("%s %s", o["kind"], o["metadata"].(Fields)["name"])
		patch, ok := changes[key]
		done[key] = true
		if !ok || patch != nil {
			out = append(out, Merged(o, patch))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		kind, name, _ := strings.Cut(key, " ")
		if add && !done[key] && changes[key] != nil && kind == objects[0]["kind"] {
			namespace := objects[len(objects)-1]["metadata"].(Fields)["namespace"]
			out = append(out, Merged(Fields{"kind": kind, "metadata": Fields{"name": name, "namespace": namespace}}, changes[key]))
		}
	}
	return out
}

// Merged applies a JSON merge patch (RFC 7386) to a copy of an object.
func Merged(to, patch Fields) Fields {
	out := runtime.DeepCopyJSON(to)
	for key, value := range patch {
		sub, isMap := value.(Fields)
		current, hadMap := out[key].(Fields)
		switch {
		case value == nil:
			delete(out, key)
		case isMap && hadMap:
			out[key] = Merged(current, sub)
		default:
			out[key] = runtime.DeepCopyJSONValue(value)
		}
	}
	return out
}

// Typed decodes objects.
func Typed[T any](t *testing.T, list []Fields) []T {
	t.Helper()
	out := make([]T, len(list))
	for i, o := range list {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o, &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// Lines says rows as the cases do.
func Lines(rows []check.Row) []string {
	var out []string
	for _, r := range rows {
		line := strings.Join([]string{r.Addon, r.Check, string(r.Verdict), r.Detail}, " ")
		if r.Remedy != "" {
			line += "; " + r.Remedy
		}
		out = append(out, strings.TrimSpace(line))
	}
	return out
}

// Cases returns the cases of the checks, by file and name.
func Cases(t *testing.T) map[string]Case {
	files, err := filepath.Glob("../check/testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := map[string]Case{}
	for _, file := range files {
		var list []Case
		ReadYAML(t, file, &list)
		for _, c := range list {
			name := strings.TrimSuffix(filepath.Base(file), ".yaml") + "/" + c.Name
			if _, twice := all[name]; twice {
				t.Fatalf("%s is there twice", name)
			}
			all[name] = c
		}
	}
	return all
}
