// Package chartvalues says which values a chart takes: it checks values against the chart's values.schema.json and the
// rules of its addon, with every fault at the path of its value, and documents them.
package chartvalues

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"
)

// SchemaFile is the name of the schema in a chart's folder.
const SchemaFile = "values.schema.json"

// A Schema is the compiled values.schema.json of one chart.
type Schema struct{ root *jsonschema.Schema }

// errRemote is the answer to every reference that leaves the schema: nothing is read from a disk or a network.
var errRemote = errors.New("only references within the schema (#/$defs/...) are allowed")

type noLoader struct{}

func (noLoader) Load(string) (any, error) { return nil, errRemote }

// Parse compiles a schema. name is its file, for messages. A $ref to anything outside the schema is an error.
func Parse(name string, text []byte) (*Schema, error) {
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	root, isObject := document.(map[string]any)
	if !isObject {
		return nil, fmt.Errorf("%s: is not a JSON object", name)
	}
	if id, ok := root["$id"]; ok {
		return nil, fmt.Errorf("%s: has the $id %v, which could turn a local reference into a remote one; remove it", name, id)
	}
	c := jsonschema.NewCompiler()
	c.UseLoader(noLoader{})
	c.AssertFormat()
	for format := range formats {
		c.RegisterFormat(&jsonschema.Format{Name: format, Validate: checkFormat(format)})
	}
	const url = "chart:///" + SchemaFile
	if err := c.AddResource(url, document); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	schema, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &Schema{schema}, nil
}

// A Fault is one value that the schema does not admit.
type Fault struct {
	Path    []any  // keys (string) and indexes (int), from the root of the values
	Problem string // a clause: "is 0"
	Remedy  string // an imperative
}

// Field is the path as messages have it: upstreamNameservers[0].
func (f Fault) Field() string {
	field := ""
	for _, step := range f.Path {
		if n, isIndex := step.(int); isIndex {
			field += fmt.Sprintf("[%d]", n)
		} else {
			field = strictyaml.Join(field, step.(string))
		}
	}
	return field
}

// Check returns everything that the schema does not admit in values, which hold what JSON and YAML have. A null is a fault
// unless the schema names the type null: then it removes the chart's default.
func (s *Schema) Check(values map[string]any) []Fault {
	var invalid *jsonschema.ValidationError
	if !errors.As(s.root.Validate(values), &invalid) {
		return nil
	}
	all := s.collect(invalid, values)
	slices.SortFunc(all, func(a, b Fault) int { return strings.Compare(a.Field(), b.Field()) }) // the library has no order
	return all
}

// collect turns the leaves of an error into faults. Alternatives (anyOf) are one leaf: what each of them lacks is no help.
func (s *Schema) collect(e *jsonschema.ValidationError, values any) []Fault {
	switch e.ErrorKind.(type) {
	case *kind.AnyOf, *kind.OneOf:
	default:
		if len(e.Causes) > 0 {
			var all []Fault
			for _, cause := range e.Causes {
				all = append(all, s.collect(cause, values)...)
			}
			return all
		}
	}
	path, value := locate(values, e.InstanceLocation)
	return leaf(e.ErrorKind, path, value, at(s.root, path))
}

// leaf is the faults of one error: found is the value at path, and allowed the schema that it should meet.
func leaf(e jsonschema.ErrorKind, path []any, found any, allowed *jsonschema.Schema) []Fault {
	switch e := e.(type) {
	case *kind.AdditionalProperties:
		var all []Fault
		for _, name := range e.Properties {
			all = append(all, unknown(append(path[:len(path):len(path)], name), name, allowed))
		}
		return all
	case *kind.Required:
		var all []Fault
		for _, name := range e.Missing {
			all = append(all, Fault{append(path[:len(path):len(path)], name), "is missing", "give " + want(allowed.Properties[name])})
		}
		return all
	case *kind.UniqueItems:
		return []Fault{{append(path[:len(path):len(path)], e.Duplicates[1]), "stands in the list a second time", "remove it"}}
	case *kind.Type:
		return []Fault{{path, "is " + describeType(found), remedy(found, allowed)}}
	case *kind.MinItems, *kind.MaxItems:
		return []Fault{{path, "is " + described(found.([]any)), "give " + want(allowed)}}
	}
	return []Fault{{path, "is " + describe(found), remedy(found, allowed)}}
}

// unknown is the fault of a key that a mapping does not have, or that does not match the pattern of its keys.
func unknown(path []any, name string, s *jsonschema.Schema) Fault {
	for _, p := range s.PatternProperties {
		return Fault{path, "is not a name that it may have", "use " + p.Title}
	}
	if len(s.Properties) == 0 {
		return Fault{path, "is not a value of its chart", "remove it"}
	}
	return Fault{path, "is not a value of its chart", strictyaml.Suggest(name, slices.Sorted(maps.Keys(s.Properties)))}
}

// locate follows a location to its value, and tells the indexes of lists from keys.
func locate(value any, location []string) ([]any, any) {
	path := []any{}
	for _, step := range location {
		switch v := value.(type) {
		case map[string]any:
			path, value = append(path, step), v[step]
		case []any:
			i := 0
			fmt.Sscan(step, &i) //nolint:errcheck // the validator counted it
			path, value = append(path, i), v[i]
		}
	}
	return path, value
}

// at returns the schema of the value at path.
func at(s *jsonschema.Schema, path []any) *jsonschema.Schema {
	for _, step := range path {
		s = deref(s)
		if name, isKey := step.(string); isKey {
			s = property(s, name)
		} else {
			s = s.Items2020
		}
		if s == nil {
			return nil
		}
	}
	return deref(s)
}

func property(s *jsonschema.Schema, name string) *jsonschema.Schema {
	if p, ok := s.Properties[name]; ok {
		return p
	}
	for pattern, p := range s.PatternProperties {
		if pattern.MatchString(name) {
			return p
		}
	}
	return nil
}

// deref follows a $ref. A description beside it goes before that of its target.
func deref(s *jsonschema.Schema) *jsonschema.Schema {
	for s != nil && s.Ref != nil {
		target := *s.Ref
		if s.Description != "" {
			target.Description = s.Description
		}
		s = &target
	}
	return s
}
