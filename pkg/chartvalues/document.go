package chartvalues

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A Value documents one value of a chart.
type Value struct {
	Path    string // resources.coredns
	Takes   string // what it may be: a whole number from 1 to 1000
	Default string // as JSON; empty if somebody has to give it
	Doc     string
}

// About says in words what a value may be and what it is by default.
func (v Value) About() string {
	if v.Default == "" {
		return v.Takes
	}
	return v.Takes + "; default " + v.Default
}

// Doc is the description of the chart as a whole.
func (s *Schema) Doc() string { return s.root.Description }

// Values documents every value, in the order of their paths. defaults are those of values.yaml.
func (s *Schema) Values(defaults map[string]any) []Value { return document(s.root, "", defaults) }

func document(s *jsonschema.Schema, at string, defaults map[string]any) []Value {
	var all []Value
	for _, name := range slices.Sorted(maps.Keys(s.Properties)) {
		p, path := deref(s.Properties[name]), strings.TrimPrefix(at+"."+name, ".")
		inner, _ := defaults[name].(map[string]any)
		if named := len(p.Properties) > 0; named && !(at == "resources") {
			all = append(all, Value{Path: path, Takes: "a mapping", Doc: p.Description})
			all = append(all, document(p, path, inner)...)
			continue
		}
		all = append(all, Value{Path: path, Takes: want(p), Default: given(defaults, name), Doc: p.Description})
	}
	return all
}

// given is a default as JSON. An empty string that the schema does not admit is no default.
func given(defaults map[string]any, name string) string {
	value, ok := defaults[name]
	if !ok || value == "" {
		return ""
	}
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Sprint(value)
	}
	return string(text)
}
