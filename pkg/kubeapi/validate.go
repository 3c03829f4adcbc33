package kubeapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Validate checks objects as the API server of the snapshot's version would decode them: kinds and versions that it does
// not serve, unknown fields, wrong types, missing fields. It does not know the rules that the server has beyond its schema
// (a selector that must match its template, a name's letters). Custom resources are checked by the definitions among the
// objects. fileOf, if not nil, tells the file of an object for messages. The error is a strictyaml.Faults that names file,
// object, field and remedy, or nil.
func (s *Snapshot) Validate(objects []*manifest.Object, fileOf func(*manifest.Object) string) error {
	v := validation{snapshot: s, fileOf: fileOf, custom: map[schema.GroupVersionKind]customKind{}, types: map[string]Type{}}
	for _, o := range objects {
		v.define(o)
	}
	for _, o := range objects {
		v.object(o)
	}
	return v.faults.ErrorOrNil()
}

// Deprecated tells which objects are written in a form that the API server of the snapshot's version serves and a later
// one does not.
func (s *Snapshot) Deprecated(objects []*manifest.Object, later *Snapshot) []string {
	var all []string
	for _, o := range objects {
		gvk := o.GroupVersionKind()
		_, now := s.byKind[gvk]
		if _, then := later.byKind[gvk]; now && !then {
			all = append(all, fmt.Sprintf("%s is written as %s, which Kubernetes %s no longer serves", manifest.IDOf(o), gvk.GroupVersion(), later.Version))
		}
	}
	return all
}

// validation is the work on one set of objects.
type validation struct {
	snapshot *Snapshot
	custom   map[schema.GroupVersionKind]customKind
	types    map[string]Type // of custom kinds
	faults   strictyaml.Faults
	fileOf   func(*manifest.Object) string
	file     string      // of the object at hand
	id       manifest.ID // of the object at hand
}

func (v *validation) fault(path, problem, remedy string) {
	field := v.id.String()
	if path != "" {
		field += " " + path
	}
	v.faults = append(v.faults, strictyaml.Fault{File: v.file, Field: field, Problem: problem, Remedy: remedy})
}

func (v *validation) object(o *manifest.Object) {
	v.id = manifest.IDOf(o)
	if v.fileOf != nil {
		v.file = v.fileOf(o)
	}
	if o.GetName() == "" {
		v.fault("metadata.name", "is missing", "give it a value")
	}
	gvk := o.GroupVersionKind()
	if kind, ok := v.snapshot.byKind[gvk]; ok {
		v.scope(o, kind.Namespaced)
		v.value(Ref("#"+kind.Type), o.Object, "")
		return
	}
	if kind, ok := v.custom[gvk]; ok {
		v.scope(o, kind.namespaced)
		v.value(kind.ref, o.Object, "")
		return
	}
	v.fault("", fmt.Sprintf("is written as %s, which Kubernetes %s does not serve", gvk.GroupVersion(), v.snapshot.Version), v.alternative(gvk))
}

func (v *validation) scope(o *manifest.Object, namespaced bool) {
	if !namespaced && o.GetNamespace() != "" {
		v.fault("metadata.namespace", "is "+o.GetNamespace(), "remove it: the kind is cluster-scoped")
	}
}

// alternative says in which form a kind is served that is not served as given.
func (v *validation) alternative(gvk schema.GroupVersionKind) string {
	var forms []string
	for _, k := range v.snapshot.Kinds {
		if k.Kind == gvk.Kind {
			forms = append(forms, schema.GroupVersion{Group: k.Group, Version: k.Version}.String())
		}
	}
	for custom := range v.custom {
		if custom.Kind == gvk.Kind {
			forms = append(forms, custom.GroupVersion().String())
		}
	}
	if len(forms) == 0 {
		return "remove the object, or bring the definition of its kind along"
	}
	slices.Sort(forms)
	return "write it as " + strings.Join(forms, " or ")
}

// value checks one value against a type. Null is as good as absent everywhere, as it is for the API server.
func (v *validation) value(ref Ref, value any, path string) {
	if value == nil || ref == "any" {
		return
	}
	switch {
	case ref[0] == '#':
		v.structure(string(ref[1:]), value, path)
	case ref[0] == '|':
		v.either(string(ref[1:]), value, path)
	case strings.HasPrefix(string(ref), "[]"):
		list, ok := value.([]any)
		if !ok {
			v.wrongType(value, path, "a list")
			return
		}
		for i, element := range list {
			v.value(ref[2:], element, fmt.Sprintf("%s[%d]", path, i))
		}
	case strings.HasPrefix(string(ref), "{}"):
		m, ok := value.(map[string]any)
		if !ok {
			v.wrongType(value, path, "a mapping")
			return
		}
		for _, key := range slices.Sorted(maps.Keys(m)) {
			v.value(ref[2:], m[key], path+"."+key)
		}
	default:
		v.scalar(ref, value, path)
	}
}

// structure checks an object with named fields.
func (v *validation) structure(name string, value any, path string) {
	m, ok := value.(map[string]any)
	if !ok {
		v.wrongType(value, path, "a mapping")
		return
	}
	t, ok := v.types[name]
	if !ok {
		t = v.snapshot.Types[name]
	}
	for _, field := range slices.Sorted(maps.Keys(m)) {
		at := strings.TrimPrefix(path+"."+field, ".")
		ref, known := t.Fields[field]
		if !known {
			v.fault(at, "is not a field of Kubernetes "+v.snapshot.Version, v.meant(field, t))
			continue
		}
		v.value(ref, m[field], at)
	}
	for _, field := range t.Required {
		if _, given := m[field]; !given {
			v.fault(strings.TrimPrefix(path+"."+field, "."), "is missing", "give it a value")
		}
	}
}

// meant is the remedy for an unknown field.
func (v *validation) meant(field string, t Type) string {
	if best := strictyaml.Nearest(field, slices.Sorted(maps.Keys(t.Fields))); best != "" {
		return "did you mean " + best + "?"
	}
	return "remove it"
}

// either checks a JSON schema in the places where a list of schemas or a boolean may stand for it.
func (v *validation) either(name string, value any, path string) {
	switch value := value.(type) {
	case bool:
	case []any:
		for i, element := range value {
			v.structure(name, element, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		v.structure(name, value, path)
	}
}

func (v *validation) scalar(ref Ref, value any, path string) {
	ok := false
	switch value := value.(type) {
	case string:
		ok = ref == "string" || ref == "intstr"
		if ref == "quantity" {
			_, err := resource.ParseQuantity(value)
			ok = err == nil
		}
	case bool:
		ok = ref == "boolean"
	case int64:
		ok = ref == "integer" || ref == "number" || ref == "intstr" || ref == "quantity"
	case float64:
		ok = ref == "number" || ref == "quantity" || ref == "integer" && value == float64(int64(value))
	}
	if !ok {
		v.wrongType(value, path, scalarNames[ref])
	}
}

var scalarNames = map[Ref]string{
	"string": "a string", "integer": "a whole number", "number": "a number", "boolean": "true or false",
	"intstr": "a whole number or a string", "quantity": "a quantity such as 100m or 64Mi",
}

func (v *validation) wrongType(found any, path, want string) {
	v.fault(path, "is "+describe(found), "give "+want)
}

func describe(value any) string {
	switch value := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		return fmt.Sprintf("the string %q", strictyaml.Clip(value))
	case bool:
		return fmt.Sprintf("the boolean %v", value)
	}
	return fmt.Sprintf("the number %v", value)
}
