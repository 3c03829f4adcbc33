package check_test

import (
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
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// fields are an object, or a merge patch of one, as YAML has it.
type fields = map[string]any

// A world is a cluster as testdata/world.yaml has it: objects with the status that they have where all is well.
type world struct {
	Addons []struct {
		Name    string        `json:"name"`
		Checks  bundle.Checks `json:"checks"`
		Objects []fields      `json:"objects"`
	} `json:"addons"`
	Nodes []fields `json:"nodes"`
	Pods  []fields `json:"pods"`
}

// A testCase changes the world and says what Judge says otherwise then. Changes are merge patches by kind and name; null
// takes the object away, and a name that is not there adds one.
type testCase struct {
	Name     string            `json:"name"`
	Rendered map[string]fields `json:"rendered"` // changes what is rendered, and with it what is live
	Live     map[string]fields `json:"live"`     // changes what is live
	Since    time.Time         `json:"since"`
	Want     []string          `json:"want"` // rows that differ from those of the world: "addon check verdict detail; remedy"
}

// read holds the files that have been read, as JSON.
var read = map[string][]byte{}

func readYAML(t *testing.T, file string, into any) {
	t.Helper()
	if read[file] == nil {
		text, err := os.ReadFile(file)
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

// observe returns what a case renders and what is observed then.
func observe(t *testing.T, c testCase) ([]render.Addon, check.Snapshot) {
	t.Helper()
	var w world
	readYAML(t, "testdata/world.yaml", &w)
	var addons []render.Addon
	s := check.Snapshot{Objects: map[manifest.ID]*manifest.Object{}, Since: c.Since}
	for _, a := range w.Addons {
		addon := render.Addon{Addon: bundle.Addon{Name: a.Name, Checks: a.Checks}, Digest: "sha256:" + strings.Repeat("0123456789", 6) + "0123"}
		for _, o := range changed(a.Objects, c.Rendered, false) {
			rendered := (&manifest.Object{Object: o}).DeepCopy()
			delete(rendered.Object, "status")
			delete(rendered.Object["metadata"].(fields), "generation")
			addon.Objects = append(addon.Objects, rendered)
		}
		for _, o := range changed(changed(a.Objects, c.Rendered, false), c.Live, false) {
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
			o := fields{"apiVersion": "storage.k8s.io/v1", "kind": id.Kind, "metadata": fields{"name": id.Name}}
			s.StorageClasses = append(s.StorageClasses, &manifest.Object{Object: merged(o, patch)})
		}
	}
	s.Nodes = typed[corev1.Node](t, changed(kinded("Node", w.Nodes), c.Live, true))
	s.Pods = typed[corev1.Pod](t, changed(kinded("Pod", w.Pods), c.Live, true))
	return addons, s
}

func kinded(kind string, list []fields) []fields {
	for _, o := range list {
		o["kind"] = kind
	}
	return list
}

// changed returns objects with the changes that name them, and where add is set those that the changes add.
func changed(objects []fields, changes map[string]fields, add bool) []fields {
	var out []fields
	done := map[string]bool{}
	for _, o := range objects {
		key := fmt.Sprintf("%s %s", o["kind"], o["metadata"].(fields)["name"])
		patch, ok := changes[key]
		done[key] = true
		if !ok || patch != nil {
			out = append(out, merged(o, patch))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(changes)) {
		kind, name, _ := strings.Cut(key, " ")
		if add && !done[key] && changes[key] != nil && kind == objects[0]["kind"] {
			namespace := objects[len(objects)-1]["metadata"].(fields)["namespace"]
			out = append(out, merged(fields{"kind": kind, "metadata": fields{"name": name, "namespace": namespace}}, changes[key]))
		}
	}
	return out
}

// merged applies a JSON merge patch (RFC 7386) to a copy of an object.
func merged(to, patch fields) fields {
	out := runtime.DeepCopyJSON(to)
	for key, value := range patch {
		sub, isMap := value.(fields)
		current, hadMap := out[key].(fields)
		switch {
		case value == nil:
			delete(out, key)
		case isMap && hadMap:
			out[key] = merged(current, sub)
		default:
			out[key] = runtime.DeepCopyJSONValue(value)
		}
	}
	return out
}

func typed[T any](t *testing.T, list []fields) []T {
	t.Helper()
	out := make([]T, len(list))
	for i, o := range list {
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o, &out[i]); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func lines(rows []check.Row) []string {
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

func cases(t *testing.T) map[string]testCase {
	files, err := filepath.Glob("testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := map[string]testCase{}
	for _, file := range files {
		var list []testCase
		readYAML(t, file, &list)
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

// Where all is well, every row is good.
func TestJudgeWell(t *testing.T) {
	want := []string{
		"nodes good 2/2 ready",
		"net present good 4 objects", "net unchanged good as rendered, sha256:012345678901", "net accounts good agent", "net ready good DaemonSet agent 2/2",
		"dns present good 3 objects", "dns unchanged good as rendered, sha256:012345678901", "dns accounts good dns", "dns ready good Deployment dns 2/2",
		"disk present good 3 objects", "disk unchanged good as rendered, sha256:012345678901", "disk ready good StatefulSet disk 1/1", "disk storage-class good fast is the only default",
		"door present good 2 objects", "door unchanged good as rendered, sha256:012345678901", "door accounts good door", "door ready good DaemonSet door 2/2", "door host-ports good [80 443] on 2 of 2 nodes",
		"metrics present good 5 objects", "metrics unchanged good as rendered, sha256:012345678901", "metrics accounts good metrics", "metrics ready good Job certs is complete, Pod probe is ready", "metrics api good v1.metrics.example is available",
		"sweep present good 2 objects", "sweep unchanged good as rendered, sha256:012345678901", "sweep accounts good sweep",
	}
	rows := check.Judge(observe(t, testCase{}))
	if diff := cmp.Diff(want, lines(rows)); diff != "" {
		t.Error(diff)
	}
	if v := check.Overall(rows); v != check.Good {
		t.Errorf("overall %s", v)
	}
}

// Where something is broken, the rows that it concerns say so, and no others.
func TestJudge(t *testing.T) {
	well := lines(check.Judge(observe(t, testCase{})))
	for name, c := range cases(t) {
		t.Run(name, func(t *testing.T) {
			got := lines(check.Judge(observe(t, c)))
			got = slices.DeleteFunc(got, func(line string) bool { return slices.Contains(well, line) })
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A check that cannot fail is a defect: each is good in the world, and unmet in a case.
func TestEveryCheckFails(t *testing.T) {
	unmet := map[string]bool{}
	for _, c := range cases(t) {
		for _, r := range check.Judge(observe(t, c)) {
			if r.Verdict == check.Failed || r.Verdict == check.Degraded {
				unmet[r.Check] = true
				if r.Detail == "" || r.Remedy == "" {
					t.Errorf("case %q: an unmet check without reason or remedy: %+v", c.Name, r)
				}
			}
		}
	}
	for _, r := range check.Judge(observe(t, testCase{})) {
		if !unmet[r.Check] {
			t.Errorf("no case breaks the check %s", r.Check)
		}
	}
}
