package clusterfile

import (
	"encoding/json"
	"io"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Explain writes the documentation of the field at path, or of the whole format where path is empty. A path may leave out
// the <name> and [] of maps and lists, or have what a message has there: addons.coredns.values, patches[0].patch.
func Explain(w io.Writer, path string, offers Offers) error {
	fields := offers.offered(Fields())
	if path != "" {
		f, ok := find(fields, strings.Split(path, "."))
		if !ok {
			return strictyaml.Fault{Field: path, Problem: "is not a field of the cluster file", Remedy: hint(fields, path)}
		}
		explain(w, f)
		fields = f.Fields
	}
	printFields(w, fields)
	return nil
}

func printFields(w io.Writer, fields []strictyaml.Field) {
	for _, f := range fields {
		explain(w, f)
		printFields(w, f.Fields)
	}
}

// explain writes the documentation of one field: its path, type, allowed values and default, then its text.
func explain(w io.Writer, f strictyaml.Field) {
	about := []string{f.Type}
	if len(f.Enum) > 1 {
		about = []string{strings.Join(f.Enum, " | ")}
	}
	if f.Default != "" {
		about = append(about, "default "+f.Default)
	}
	if f.Required {
		about = append(about, "required")
	}
	printable.Fprintf(w, "%s (%s)\n    %s\n", f.Path, strings.Join(about, ", "), f.Doc)
}

// find returns the field at path; a key of a free-form map is the map's own field.
func find(fields []strictyaml.Field, path []string) (strictyaml.Field, bool) {
	name, _, _ := strings.Cut(path[0], "[")
	i := slices.IndexFunc(fields, func(f strictyaml.Field) bool { return f.Name == name })
	if i < 0 {
		return strictyaml.Field{}, false
	}
	f, rest := fields[i], path[1:]
	if len(rest) == 0 {
		return f, true
	}
	if inner, ok := find(f.Fields, rest); ok || f.Type != "map" {
		return inner, ok
	}
	if rest = rest[1:]; len(rest) == 0 || len(f.Fields) == 0 {
		return f, true
	}
	return find(f.Fields, rest)
}

// normal drops what stands for any key or index.
func normal(path string) string {
	return strings.NewReplacer(".<name>", "", "[]", "").Replace(path)
}

func hint(fields []strictyaml.Field, path string) string {
	var paths []string
	var walk func([]strictyaml.Field)
	walk = func(fields []strictyaml.Field) {
		for _, f := range fields {
			paths = append(paths, normal(f.Path))
			walk(f.Fields)
		}
	}
	walk(fields)
	if best := strictyaml.Nearest(path, paths); best != "" {
		return "did you mean " + best + "?"
	}
	return "run fitout explain for all of them"
}

// Schema returns the JSON schema (draft 2020-12) of the cluster file, for editors.
func Schema(offers Offers) []byte {
	s := object(offers.offered(Fields()))
	s["$schema"] = "https://json-schema.org/draft/2020-12/schema"
	s["$id"] = "https://fitout.dev/schemas/v1alpha1/cluster.json"
	s["title"] = "Fitout cluster file"
	text, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		panic("cluster file schema: " + err.Error()) // maps of strings and maps always marshal
	}
	return append(text, '\n')
}

func object(fields []strictyaml.Field) map[string]any {
	properties, required := map[string]any{}, []string{}
	for _, f := range fields {
		properties[f.Name] = property(f)
		if f.Required {
			required = append(required, f.Name)
		}
	}
	s := map[string]any{"type": "object", "properties": properties, "additionalProperties": false}
	if len(required) > 0 {
		s["required"] = required
	}
	return s
}

func property(f strictyaml.Field) map[string]any {
	var s map[string]any
	switch f.Type {
	case "object":
		s = object(f.Fields)
	case "list":
		s = map[string]any{"type": "array", "items": element(f)}
	case "map":
		s = map[string]any{"type": "object", "additionalProperties": element(f)}
	default:
		s = scalar(f.Type)
	}
	if len(f.Enum) > 0 {
		s["type"], s["enum"] = "string", f.Enum
	}
	s["description"] = f.Doc
	if f.Default != "" {
		s["default"] = f.Default
		if f.Type == "boolean" {
			s["default"] = f.Default == "true"
		}
	}
	return s
}

func element(f strictyaml.Field) map[string]any {
	if f.Elem == "object" {
		return object(f.Fields)
	}
	return scalar(f.Elem)
}

// scalar is the schema of a value that is no mapping or list. A string may be written without quotes where it looks like a
// number (kubernetesVersion: 1.36).
func scalar(kind string) map[string]any {
	switch kind {
	case "any":
		return map[string]any{}
	case "string":
		return map[string]any{"type": []string{"string", "number"}}
	}
	return map[string]any{"type": kind}
}
