package clusterfile_test

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/google/go-cmp/cmp"
)

// walk calls visit for every field of the format.
func walk(fields []strictyaml.Field, visit func(strictyaml.Field)) {
	for _, f := range fields {
		visit(f)
		walk(f.Fields, visit)
	}
}

func TestEveryFieldIsDocumented(t *testing.T) {
	walk(clusterfile.Fields(), func(f strictyaml.Field) {
		if !strings.HasSuffix(f.Doc, ".") || strings.Contains(f.Doc, "\n") || f.Doc[:1] != strings.ToUpper(f.Doc[:1]) && !strings.HasPrefix(f.Doc, "kustomize") {
			t.Errorf("%s: the documentation is no line of sentences: %q", f.Path, f.Doc)
		}
		if len(f.Enum) > 0 && f.Default != "" && !slices.Contains(f.Enum, f.Default) {
			t.Errorf("%s: the default %q is none of %v", f.Path, f.Default, f.Enum)
		}
		// A field of a map's or list's elements is left out where it has nothing to say.
		open := strings.ContainsAny(f.Path, "<[") || f.Type == "object" || f.Type == "list" || f.Type == "map"
		if f.Default == "" && !open && !strings.Contains(f.Doc, "Default: ") {
			t.Errorf("%s: neither a default nor a word about it", f.Path)
		}
	})
}

func whole(value any) bool {
	f, ok := value.(float64)
	return ok && f == math.Trunc(f)
}

// accepts is as much of a JSON schema validator as the cluster file's schema needs.
func accepts(schema map[string]any, value any) bool {
	if kinds, ok := schema["type"]; ok && !strings.Contains(fmt.Sprint(kinds), kindOf(value)) && !(kinds == "integer" && whole(value)) {
		return false
	}
	if enum, ok := schema["enum"].([]any); ok && !slices.Contains(enum, value) {
		return false
	}
	switch v := value.(type) {
	case []any:
		items, _ := schema["items"].(map[string]any)
		return !slices.ContainsFunc(v, func(item any) bool { return !accepts(items, item) })
	case map[string]any:
		for _, name := range strs(schema["required"]) {
			if _, ok := v[name]; !ok {
				return false
			}
		}
		properties, _ := schema["properties"].(map[string]any)
		for name, inner := range v {
			s, ok := properties[name].(map[string]any)
			if !ok {
				if s, ok = schema["additionalProperties"].(map[string]any); !ok && schema["additionalProperties"] == false {
					return false
				}
			}
			if !accepts(s, inner) {
				return false
			}
		}
	}
	return true
}

func strs(list any) []string {
	var all []string
	items, _ := list.([]any)
	for _, item := range items {
		all = append(all, item.(string))
	}
	return all
}

func kindOf(value any) string {
	switch value.(type) {
	case map[string]any:
		return "object"
	case []any:
		return "array"
	case bool:
		return "boolean"
	case float64:
		return "number"
	}
	return "string"
}

// sampleAt is the smallest document that has value at the path of a field.
func sampleAt(path string, value any) map[string]any {
	names := strings.Split(strings.ReplaceAll(path, "[]", ".[]"), ".")
	for _, name := range slices.Backward(names) {
		switch name {
		case "[]":
			value = []any{value}
		case "<name>":
			value = map[string]any{"x": value}
		default:
			m := map[string]any{name: value}
			if strings.HasPrefix(path, "patches[]") && name == "target" {
				m["patch"] = "x"
			}
			value = m
		}
	}
	document := value.(map[string]any)
	for name, given := range map[string]string{"apiVersion": clusterfile.APIVersion, "kind": clusterfile.Kind} {
		if _, ok := document[name]; !ok {
			document[name] = given
		}
	}
	return document
}

// The schema that editors use and the decoder take and refuse the same documents.
func TestSchemaAndDecoderAgree(t *testing.T) {
	var schema map[string]any
	if err := json.Unmarshal(clusterfile.Schema(clusterfile.Offers{}), &schema); err != nil {
		t.Fatal(err)
	}
	taken, refused := 0, 0
	try := func(path string, value any) {
		text, err := json.Marshal(sampleAt(path, value))
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		_, err = clusterfile.Read("", strings.NewReader(string(text)))
		if ok := accepts(schema, document); ok != (err == nil) {
			t.Errorf("%s\nschema takes it: %v, decoder: %v", text, ok, err)
		}
		if err == nil {
			taken++
		} else {
			refused++
		}
	}
	mapping, misspelt := map[string]any{"x": "y"}, map[string]any{"nothing": 1}
	try("nothing", "x")
	walk(clusterfile.Fields(), func(f strictyaml.Field) {
		values := []any{"x", 1, 1.5, true, []any{}, []any{"x"}, []any{mapping}, map[string]any{}, mapping, map[string]any{"x": 1}, map[string]any{"x": []any{}}, map[string]any{"x": mapping}, misspelt}
		for _, e := range f.Enum {
			values = append(values, e)
		}
		for _, value := range values {
			try(f.Path, value)
		}
		try(f.Path+"x", "y")
	})
	if taken < 50 || refused < 50 {
		t.Errorf("%d samples taken and %d refused: too few to tell", taken, refused)
	}
}

func TestSchemaTellsDefaults(t *testing.T) {
	var schema struct {
		Schema     string `json:"$schema"`
		Required   []string
		Properties struct {
			CNI       struct{ Default, Description string }
			KubeProxy struct {
				Properties struct{ Enabled struct{ Default bool } }
			}
		}
	}
	if err := json.Unmarshal(clusterfile.Schema(offers), &schema); err != nil {
		t.Fatal(err)
	}
	p := schema.Properties
	got := []any{schema.Schema, schema.Required, p.CNI.Default, p.CNI.Description, p.KubeProxy.Properties.Enabled.Default}
	want := []any{"https://json-schema.org/draft/2020-12/schema", []string{"apiVersion", "kind"}, "cilium",
		"Pod network: the name of an addon. With none you bring your own, and Fitout expects it to work. Default: the bundle's.", true}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
