package kubeapi

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// customKind is a kind that a CustomResourceDefinition among the objects defines.
type customKind struct {
	namespaced bool
	ref        Ref
}

// define takes the kinds of a CustomResourceDefinition, in the versions that it serves.
func (v *validation) define(o *manifest.Object) {
	if o.GetKind() != "CustomResourceDefinition" {
		return
	}
	group, _, _ := unstructured.NestedString(o.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(o.Object, "spec", "names", "kind")
	scope, _, _ := unstructured.NestedString(o.Object, "spec", "scope")
	common, _, _ := unstructured.NestedMap(o.Object, "spec", "validation", "openAPIV3Schema") // v1beta1
	for name, schemaOf := range versionsOf(o) {
		if schemaOf == nil {
			schemaOf = common
		}
		ref := Ref("any")
		if schemaOf != nil {
			ref = v.customType(group+"/"+name+" "+kind, schemaOf)
		}
		v.addEnvelope(ref)
		v.custom[schema.GroupVersionKind{Group: group, Version: name, Kind: kind}] = customKind{namespaced: scope != "Cluster", ref: ref}
	}
}

// versionsOf returns the schemas of the served versions by their names; nil where a version has none of its own.
func versionsOf(o *manifest.Object) map[string]map[string]any {
	out := map[string]map[string]any{}
	if name, ok, _ := unstructured.NestedString(o.Object, "spec", "version"); ok {
		out[name] = nil
	}
	versions, _, _ := unstructured.NestedSlice(o.Object, "spec", "versions")
	for _, item := range versions {
		version, _ := item.(map[string]any)
		name, _ := version["name"].(string)
		if served, _ := version["served"].(bool); served {
			out[name], _, _ = unstructured.NestedMap(version, "schema", "openAPIV3Schema")
		}
	}
	return out
}

// addEnvelope gives a custom kind the fields that every object has.
func (v *validation) addEnvelope(ref Ref) {
	t, ok := v.types[strings.TrimPrefix(string(ref), "#")]
	if !ok {
		return
	}
	t.Fields["apiVersion"], t.Fields["kind"] = "string", "string"
	t.Fields["metadata"] = "#io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"
}

// customType turns a JSON schema into a Ref and, where it has fields, a Type of the given name.
func (v *validation) customType(name string, s map[string]any) Ref {
	if s["x-kubernetes-preserve-unknown-fields"] == true {
		return "any"
	}
	if s["x-kubernetes-int-or-string"] == true {
		return "intstr"
	}
	properties, _ := s["properties"].(map[string]any)
	switch kind, _ := s["type"].(string); kind {
	case "array":
		items, _ := s["items"].(map[string]any)
		return "[]" + v.customType(name+"[]", items)
	case "string", "integer", "number", "boolean":
		return Ref(kind)
	case "object":
		if values, ok := s["additionalProperties"].(map[string]any); ok {
			return "{}" + v.customType(name+"{}", values)
		}
		if len(properties) == 0 && s["additionalProperties"] != nil {
			return "any"
		}
	default:
		if len(properties) == 0 {
			return "any"
		}
	}
	t := Type{Fields: map[string]Ref{}}
	for field, p := range properties {
		inner, _ := p.(map[string]any)
		t.Fields[field] = v.customType(name+"."+field, inner)
	}
	required, _ := s["required"].([]any)
	for _, field := range required {
		if text, ok := field.(string); ok {
			t.Required = append(t.Required, text)
		}
	}
	slices.Sort(t.Required)
	v.types[name] = t
	return Ref("#" + name)
}
