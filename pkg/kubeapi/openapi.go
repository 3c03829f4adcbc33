package kubeapi

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// swagger is the part of an API server's /openapi/v2 that a snapshot is made from. A path has its operations by method,
// and beside them parameters, which are none.
type swagger struct {
	Definitions map[string]property                   `json:"definitions"`
	Paths       map[string]map[string]json.RawMessage `json:"paths"`
}

type property struct {
	Ref                  string              `json:"$ref"`
	Type                 string              `json:"type"`
	Format               string              `json:"format"`
	Properties           map[string]property `json:"properties"`
	Required             []string            `json:"required"`
	Items                *property           `json:"items"`
	AdditionalProperties *property           `json:"additionalProperties"`
}

type operation struct {
	Action string `json:"x-kubernetes-action"`
	Kind   struct {
		Group   string `json:"group"`
		Version string `json:"version"`
		Kind    string `json:"kind"`
	} `json:"x-kubernetes-group-version-kind"`
	Parameters []struct {
		In     string   `json:"in"`
		Schema property `json:"schema"`
	} `json:"parameters"`
}

const definitions = "#/definitions/"

// FromOpenAPI makes a snapshot from what an API server answers at /openapi/v2: the kinds that can be created at a
// resource of their own, and the types that they use.
func FromOpenAPI(version string, body []byte) (*Snapshot, error) {
	var doc swagger
	if err := json.Unmarshal(body, &doc); err != nil {
		return nil, fmt.Errorf("OpenAPI of %s: %w", version, err)
	}
	s := &Snapshot{Version: version, Types: map[string]Type{}}
	for path, item := range doc.Paths {
		post, ok := item["post"]
		if !ok {
			continue
		}
		var op operation
		if err := json.Unmarshal(post, &op); err != nil {
			return nil, fmt.Errorf("OpenAPI of %s: %s: %w", version, path, err)
		}
		if op.Action != "post" || strings.Contains(path, "{name}") {
			continue // subresources
		}
		for _, p := range op.Parameters {
			if name, ok := strings.CutPrefix(p.Schema.Ref, definitions); ok && p.In == "body" {
				s.Kinds = append(s.Kinds, Kind{Group: op.Kind.Group, Version: op.Kind.Version, Kind: op.Kind.Kind, Namespaced: strings.Contains(path, "{namespace}"), Type: name})
				s.take(doc, name)
			}
		}
	}
	slices.SortFunc(s.Kinds, func(a, b Kind) int {
		return strings.Compare(a.Group+" "+a.Kind+" "+a.Version, b.Group+" "+b.Kind+" "+b.Version)
	})
	s.index()
	return s, nil
}

// take adds a type and all that it uses.
func (s *Snapshot) take(doc swagger, name string) {
	if _, have := s.Types[name]; have {
		return
	}
	d := doc.Definitions[name]
	t := Type{Fields: map[string]Ref{}, Required: slices.Sorted(slices.Values(d.Required))}
	s.Types[name] = t
	for field, p := range d.Properties {
		t.Fields[field] = s.ref(doc, p, 0)
	}
}

// scalars are definitions that are no objects in JSON, whatever OpenAPI v2 can say of them.
var scalars = map[string]Ref{
	"Quantity": "quantity", "IntOrString": "intstr", "Time": "time", "MicroTime": "microtime", "Duration": "duration",
	"JSON": "any", "JSONSchemaPropsOrStringArray": "any",
	"RawExtension": "any", "FieldsV1": "any", "CustomResourceSubresourceStatus": "any",
}

// maxNested bounds aliases of aliases, and lists of lists. Kubernetes has two.
const maxNested = 20

// ref turns a property into a Ref and takes the types that it uses. Nested deeper than maxNested, which an alias of itself is, it
// may be anything.
func (s *Snapshot) ref(doc swagger, p property, depth int) Ref {
	if depth++; depth > maxNested {
		return "any"
	}
	if name, ok := strings.CutPrefix(p.Ref, definitions); ok {
		if scalar, ok := scalars[name[strings.LastIndexByte(name, '.')+1:]]; ok {
			return scalar
		}
		if schema, ok := strings.CutSuffix(strings.TrimSuffix(name, "OrArray"), "OrBool"); ok || schema != name {
			s.take(doc, schema) // JSONSchemaProps, a list of them, or a boolean
			return Ref("|" + schema)
		}
		d := doc.Definitions[name]
		if len(d.Properties) == 0 { // an alias: a map, a string
			d.Ref = ""
			return s.ref(doc, d, depth)
		}
		s.take(doc, name)
		return Ref("#" + name)
	}
	switch p.Type {
	case "array":
		if p.Items == nil {
			return "[]any"
		}
		return "[]" + s.ref(doc, *p.Items, depth)
	case "object":
		if p.AdditionalProperties != nil {
			return "{}" + s.ref(doc, *p.AdditionalProperties, depth)
		}
		return "any"
	case "string", "integer":
		return formatted(p)
	case "boolean", "number":
		return Ref(p.Type)
	}
	return "any"
}

// formatted is the Ref of a string or an integer by its format, which names the Go type that the API server decodes into.
func formatted(p property) Ref {
	switch p.Format {
	case "int-or-string":
		return "intstr"
	case "byte", "int32":
		return Ref(p.Format)
	case "date-time":
		return "time"
	}
	return Ref(p.Type)
}
