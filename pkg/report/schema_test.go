package report_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// schemas are those of what is printed with -o json, by their files in docs, made from the Go types by make update.
var schemas = map[string]func() string{
	"report.schema.json": func() string {
		return schemaText(reflect.TypeFor[report.Report](), report.Kind, "The report of fitout up, apply and check with -o json: docs/report.md")
	},
	"changeset.schema.json": func() string {
		return schemaText(reflect.TypeFor[report.ChangeSet](), report.ChangeSetKind, "What fitout up would do to a cluster, by fitout plan --live -o json: docs/report.md")
	},
	"upgradeplan.schema.json": func() string {
		return schemaText(reflect.TypeFor[report.UpgradePlan](), report.UpgradePlanKind, "What an upgrade does to a cluster, by fitout upgrade plan -o json: docs/upgrade.md")
	},
	"continuity.schema.json": func() string {
		return schemaText(reflect.TypeFor[report.Continuity](), report.ContinuityKind, "The report of fitout check --during with -o json: docs/report.md")
	},
}

// enums are the values of the types that have few.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[check.Verdict]():       {string(check.Good), string(check.Skipped), string(check.Unknown), string(check.Pending), string(check.Degraded), string(check.Failed)},
	reflect.TypeFor[report.Action]():       actions(),
	reflect.TypeFor[changeset.Action]():    texts(changeset.Actions),
	reflect.TypeFor[changeset.Effect]():    texts(changeset.Effects),
	reflect.TypeFor[changeset.Reaction]():  texts(changeset.Reactions),
	reflect.TypeFor[changeset.Deviation](): texts(changeset.Deviations),
	reflect.TypeFor[upgrade.Class]():       texts(upgrade.Classes),
	reflect.TypeFor[upgrade.Verdict]():     texts(upgrade.Verdicts),
	reflect.TypeFor[upgrade.Phase]():       texts(upgrade.Phases),
	reflect.TypeFor[changeset.Policy]():    texts([]changeset.Policy{changeset.Fail, changeset.Leave, changeset.TakeOver}),
}

func actions() []string { return texts(report.Actions) }

func texts[T ~string](values []T) (out []string) {
	for _, v := range values {
		out = append(out, string(v))
	}
	return out
}

// schemaOf describes a type as encoding/json writes it.
func schemaOf(t reflect.Type) map[string]any {
	if values, ok := enums[t]; ok {
		return map[string]any{"enum": values}
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return map[string]any{"type": "string", "format": "date-time"}
	case t.Kind() == reflect.Pointer:
		return schemaOf(t.Elem())
	case t.Kind() == reflect.Slice:
		return map[string]any{"type": "array", "items": schemaOf(t.Elem())}
	case t.Kind() == reflect.Struct:
		return objectSchema(t)
	case t.Kind() == reflect.Bool:
		return map[string]any{"type": "boolean"}
	case t.Kind() == reflect.Float64:
		return map[string]any{"type": "number"}
	case t.Kind() == reflect.String:
		return map[string]any{"type": "string"}
	case t.Kind() >= reflect.Int && t.Kind() <= reflect.Int64:
		return map[string]any{"type": "integer"}
	}
	panic("the schema cannot describe " + t.String() + "; teach schemaOf")
}

func objectSchema(t reflect.Type) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "-" || f.Anonymous {
			continue
		}
		properties[name] = schemaOf(f.Type)
		if !strings.Contains(options, "omit") {
			required = append(required, name)
		}
		if f.Type.Kind() == reflect.Slice && !strings.Contains(options, "omit") {
			properties[name].(map[string]any)["type"] = []string{"array", "null"}
		}
	}
	return map[string]any{"type": "object", "properties": properties, "required": required, "additionalProperties": false}
}

// schemaText is the JSON Schema of a kind.
func schemaText(of reflect.Type, kind, title string) string {
	schema := schemaOf(of)
	schema["$schema"], schema["$id"] = "https://json-schema.org/draft/2020-12/schema", "https://"+report.Version+"/"+strings.ToLower(kind)+".schema.json"
	schema["title"] = title
	schema["properties"].(map[string]any)["apiVersion"] = map[string]any{"const": report.Version}
	schema["properties"].(map[string]any)["kind"] = map[string]any{"const": kind}
	text, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		panic(err) // maps of strings are JSON
	}
	return string(text) + "\n"
}

func TestSchema(t *testing.T) {
	for file, text := range schemas {
		file, want := filepath.Join("../../docs", file), text()
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		got, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s is not that of the Go types; make update rewrites it: %s", file, diff)
		}
	}
}

// validator reads a schema of docs.
func validator(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("../../docs", file))
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(file, document); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile(file)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// document is a report as a program reads it.
func document(t *testing.T, r *report.Report) map[string]any {
	t.Helper()
	return parsed(t, printed(t, report.JSON, r))
}

func parsed(t *testing.T, text string) map[string]any {
	t.Helper()
	d, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d.(map[string]any)
}

func TestReportsFollowTheSchema(t *testing.T) {
	schema := validator(t, "report.schema.json")
	for name, r := range map[string]*report.Report{"refused": {APIVersion: report.Version, Kind: report.Kind, Verdict: check.Failed, ChangeSet: decided().Document()}, "applied": applied(), "checked": checked(), "probed": probed(), "hostile": hostile(), "nothing": {APIVersion: report.Version, Kind: report.Kind, Verdict: check.Failed, Error: "refused"}} {
		if err := schema.Validate(document(t, r)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(document(t, probed()))) { // each key with a value of another type
		d := document(t, probed())
		d[key] = map[string]any{}
		if schema.Validate(d) == nil {
			t.Errorf("%s may be anything", key)
		}
	}
	for name, spoil := range map[string]func(d map[string]any){
		"a verdict that there is not": func(d map[string]any) { d["verdict"] = "splendid" },
		"another version":             func(d map[string]any) { d["apiVersion"] = "fitout.dev/v1" },
		"a key that there is not":     func(d map[string]any) { d["mood"] = "good" },
		"no verdict":                  func(d map[string]any) { delete(d, "verdict") },
		"a time that is none":         func(d map[string]any) { d["time"] = "noon" },
		"a row without a detail":      func(d map[string]any) { delete(d["checks"].([]any)[0].(map[string]any), "detail") },
		"a change of another kind": func(d map[string]any) {
			d["waves"] = []any{map[string]any{"name": "a", "seconds": 1, "changes": []any{map[string]any{"object": map[string]any{"kind": "a", "name": "b"}, "action": "painted"}}}}
		},
	} {
		d := document(t, probed())
		if spoil(d); schema.Validate(d) == nil {
			t.Errorf("%s follows the schema", name)
		}
	}
}

// decided is a change set with a change of every kind.
func decided() *changeset.Set {
	id := func(name string) manifest.ID {
		return manifest.ID{Kind: "ConfigMap", Namespace: "kube-system", Name: name}
	}
	return &changeset.Set{
		Waves:  []string{"configuration"},
		Faults: []changeset.Refusal{{Object: id("f"), Reason: "cannot be read", Remedy: "mend it"}},
		Changes: []changeset.Change{
			{ID: id("a"), Addon: "dns", Action: changeset.Configure, Effect: changeset.Reload, Policy: changeset.TakeOver,
				Pods:      []changeset.Pods{{Workload: manifest.ID{Group: "apps", Kind: "Deployment", Name: "d"}, Count: 2, Reaction: changeset.Reloads}},
				Fields:    []objectdiff.Difference{{Path: "data.k", Want: "new", Got: "old"}, {Path: "data.l", Want: "new"}},
				Going:     []objectdiff.Difference{{Path: "data.m", Got: "secret"}},
				Conflicts: []fieldowner.Conflict{{ID: id("a"), Field: "data.k", Manager: "kubectl"}}, Undo: "no record"},
			{ID: id("b"), Action: changeset.Adopt, Effect: changeset.NoEffect, Installer: "kubeadm", Reason: "installed by kubeadm", Lost: []string{"a line"}, Refusals: []changeset.Refusal{{Object: id("b"), Reason: "lost"}}},
			{ID: manifest.ID{Kind: "Secret", Name: "s"}, Action: changeset.Configure, Effect: changeset.Configuration, Fields: []objectdiff.Difference{{Path: "data.k", Want: "aGlkZGVu", Got: "b2xk"}}},
		},
		Removals: []changeset.Change{{ID: id("c"), Action: changeset.Keep, Effect: changeset.NoEffect, Reason: "in use"}},
	}
}

func TestChangeSetsFollowTheSchema(t *testing.T) {
	schema := validator(t, "changeset.schema.json")
	told := func() map[string]any {
		var out bytes.Buffer
		c := &report.ChangeSet{APIVersion: report.Version, Kind: report.ChangeSetKind, Cluster: "demo", Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Document: *decided().Document()}
		if err := report.ChangeSetJSON(&out, c); err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"aGlkZGVu", "b2xk", "\"secret\""} {
			if strings.Contains(out.String(), hidden) {
				t.Errorf("%s is told", hidden)
			}
		}
		return parsed(t, out.String())
	}
	if err := schema.Validate(told()); err != nil {
		t.Error(err)
	}
	for _, key := range slices.Sorted(maps.Keys(told())) {
		d := told()
		d[key] = map[string]any{}
		if schema.Validate(d) == nil {
			t.Errorf("%s may be anything", key)
		}
	}
	change := func(d map[string]any) map[string]any {
		return d["waves"].([]any)[0].(map[string]any)["changes"].([]any)[0].(map[string]any)
	}
	for name, spoil := range map[string]func(d map[string]any){
		"an action that there is not": func(d map[string]any) { change(d)["action"] = "paint" },
		"no effect":                   func(d map[string]any) { delete(change(d), "effect") },
		"another effect":              func(d map[string]any) { change(d)["effect"] = "joy" },
		"no word on undoing":          func(d map[string]any) { delete(change(d), "undo") },
		"pods that do something else": func(d map[string]any) { change(d)["pods"].([]any)[0].(map[string]any)["reaction"] = "sleep" },
	} {
		d := told()
		if spoil(d); schema.Validate(d) == nil {
			t.Errorf("%s follows the schema", name)
		}
	}
}

// A dry run prints the change set, and a run that others disturbed says so.
func TestChangeSetInReports(t *testing.T) {
	r := &report.Report{DryRun: true, Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Set: decided(), Waves: []report.Wave{{Name: "configuration", Changes: []report.Change{
		{ID: manifest.ID{Kind: "ConfigMap", Name: "a"}, Action: report.Configured, Deviation: changeset.Edited}}}}}
	text := printed(t, report.Table, r)
	for _, want := range []string{r.Set.Text(), "dry run, nothing was done: 1 configured; 1 not as decided, since others changed them meanwhile"} {
		if !strings.Contains(text, want) {
			t.Errorf("%s\nlacks %s", text, want)
		}
	}
}

func TestContinuitiesFollowTheSchema(t *testing.T) {
	schema := validator(t, "continuity.schema.json")
	told := func() map[string]any {
		var out bytes.Buffer
		if err := report.ContinuityJSON(&out, continued()); err != nil {
			t.Fatal(err)
		}
		return parsed(t, out.String())
	}
	outside := told()
	outside["outside"], outside["maxGapSeconds"] = "no image", .5
	nothing := told()
	nothing["paths"] = nil
	for name, d := range map[string]map[string]any{"from pods": told(), "from outside": outside, "nothing asked": nothing} {
		if err := schema.Validate(d); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(told())) {
		d := told()
		d[key] = map[string]any{}
		if schema.Validate(d) == nil {
			t.Errorf("%s may be anything", key)
		}
	}
	path := func(d map[string]any) map[string]any { return d["paths"].([]any)[1].(map[string]any) }
	for name, spoil := range map[string]func(d map[string]any){
		"another kind":            func(d map[string]any) { d["kind"] = report.Kind },
		"a key that there is not": func(d map[string]any) { d["mood"] = "good" },
		"no exit code":            func(d map[string]any) { delete(d, "exit") },
		"half a request":          func(d map[string]any) { path(d)["lost"] = .5 },
		"a gap in words":          func(d map[string]any) { path(d)["gapSeconds"] = "700ms" },
		"a path from nowhere":     func(d map[string]any) { delete(path(d), "from") },
	} {
		d := told()
		if spoil(d); schema.Validate(d) == nil {
			t.Errorf("%s follows the schema", name)
		}
	}
}

func TestUpgradePlansFollowTheSchema(t *testing.T) {
	schema := validator(t, "upgradeplan.schema.json")
	told := func() map[string]any {
		var out bytes.Buffer
		p := upgrade.Decide(upgrade.Input{From: upgrade.Side{Kubernetes: "v1.36.4", Bundle: "1.36"}, To: upgrade.Side{Kubernetes: "v1.35.2", Bundle: "1.35"}, Before: map[string]string{"dns": "1.0"}, Set: decided()})
		if len(p.Decisions) < 3 {
			t.Fatalf("the plan has %d decisions; the schema is to be tried with a downgrade and refusals", len(p.Decisions))
		}
		if err := report.UpgradePlanJSON(&out, &report.UpgradePlan{APIVersion: report.Version, Kind: report.UpgradePlanKind, Cluster: "demo", Plan: *p}); err != nil {
			t.Fatal(err)
		}
		return parsed(t, out.String())
	}
	if err := schema.Validate(told()); err != nil {
		t.Error(err)
	}
	for _, key := range slices.Sorted(maps.Keys(told())) {
		d := told()
		d[key] = 1
		if schema.Validate(d) == nil {
			t.Errorf("%s may be anything", key)
		}
	}
	d := told()
	d["addons"].([]any)[0].(map[string]any)["class"] = "splendid"
	if schema.Validate(d) == nil {
		t.Error("a class that there is not follows the schema")
	}
}
