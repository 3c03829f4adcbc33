package kubeapi

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// decoder checks that the API server can decode an object: known fields of the right types, with those that it requires.
type decoder struct {
	snapshot *Snapshot
	fault    func(path, problem, remedy string)
	secret   bool // of a Secret, whose values are not printed
}

// value checks one value against a type. Null is as good as absent everywhere, as it is for the API server.
func (d *decoder) value(ref Ref, value any, path string) {
	if ref == "any" || value == nil {
		return
	}
	switch {
	case ref[0] == '#':
		d.structure(string(ref[1:]), value, path)
	case ref[0] == '|':
		d.either(string(ref[1:]), value, path)
	case strings.HasPrefix(string(ref), "[]"):
		d.list(ref[2:], value, path)
	case strings.HasPrefix(string(ref), "{}"):
		d.mapping(ref[2:], value, path)
	case !decodes(ref, value):
		d.wrongType(value, path, wanted(ref, value))
	}
}

// list checks the elements of a list. A null element is an empty one.
func (d *decoder) list(ref Ref, value any, path string) {
	list, ok := value.([]any)
	if !ok {
		d.wrongType(value, path, "a list")
		return
	}
	for i, element := range list {
		at := fmt.Sprintf("%s[%d]", path, i)
		if element == nil && ref[0] == '#' {
			element = map[string]any{}
		}
		d.value(ref, element, at)
	}
}

func (d *decoder) mapping(ref Ref, value any, path string) {
	m, ok := value.(map[string]any)
	if !ok {
		d.wrongType(value, path, "a mapping")
		return
	}
	for _, key := range slices.Sorted(maps.Keys(m)) {
		d.value(ref, m[key], path+"."+key)
	}
}

// structure checks an object with named fields.
func (d *decoder) structure(name string, value any, path string) {
	m, ok := value.(map[string]any)
	if !ok {
		d.wrongType(value, path, "a mapping")
		return
	}
	t := d.snapshot.Types[name]
	for _, field := range slices.Sorted(maps.Keys(m)) {
		at := join(path, field)
		ref, known := t.Fields[field]
		if !known {
			d.fault(at, "is not a field of Kubernetes "+d.snapshot.Version, meant(field, t))
			continue
		}
		d.value(ref, m[field], at)
	}
	for _, field := range t.Required {
		if m[field] == nil {
			d.missing(name, field, t.Fields[field], path)
		}
	}
}

// missing reports a required field that is absent. An absent structure is an empty one for the server: what it requires of
// its own is missing.
func (d *decoder) missing(name, field string, ref Ref, path string) {
	at := join(path, field)
	switch {
	case at == "status" || strings.HasPrefix(at, "status.") || notRequired[name[strings.LastIndexByte(name, '.')+1:]+"."+field]:
	case ref == "":
	case ref[0] == '#':
		d.structure(string(ref[1:]), map[string]any{}, at)
	default:
		d.fault(at, missing, "give it a value")
	}
}

// notRequired are fields that the OpenAPI schema requires and the server does without: it has a default for them, or takes
// them empty (zero, false, "", no elements), as its defaults and validation say (Kubernetes v1.36.4, pkg/apis/*).
var notRequired = map[string]bool{
	"CSINodeSpec.drivers": true, "ControllerRevision.revision": true, "CustomResourceDefinitionVersion.served": true,
	"CustomResourceDefinitionVersion.storage": true, "EndpointSlice.endpoints": true, "HTTPHeader.value": true,
	"ISCSIPersistentVolumeSource.lun": true, "ISCSIVolumeSource.lun": true, "LimitRangeSpec.limits": true,
	"PodFailurePolicy.rules": true, "PriorityClass.value": true, "ProjectedVolumeSource.sources": true,
	"ResourcePool.generation": true, "RoleRef.apiGroup": true, "StatefulSetSpec.serviceName": true, "Sysctl.value": true,
	"TokenRequest.audience": true,
}

// meant is the remedy for an unknown field.
func meant(field string, t Type) string {
	if best := strictyaml.Nearest(field, slices.Sorted(maps.Keys(t.Fields))); best != "" {
		return "did you mean " + best + "?"
	}
	return "remove it"
}

// either checks a JSON schema in the places where a list of schemas or a boolean may stand for it.
func (d *decoder) either(name string, value any, path string) {
	switch value := value.(type) {
	case bool:
	case []any:
		for i, element := range value {
			d.value(Ref("#"+name), element, fmt.Sprintf("%s[%d]", path, i))
		}
	default:
		d.structure(name, value, path)
	}
}

func (d *decoder) wrongType(found any, path, want string) {
	secret := d.secret && (strings.HasPrefix(path, "data.") || strings.HasPrefix(path, "stringData."))
	d.fault(path, "is "+describe(found, secret), "give "+want)
}

// missing is the problem with a field that must be there.
const missing = "is missing"

func join(path, field string) string {
	if path == "" {
		return field
	}
	return path + "." + field
}
