package manifest

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/runtime"
)

var longExponent = regexp.MustCompile(`[eE][+-]?[0-9]{4}`)

// CostlyQuantity reports whether a text, if it is a quantity, is one that the library of Kubernetes takes minutes or hours for, which
// nothing can end: 1e-99999999 has 12 characters. No API server stores one; it would have made 1n of it.
func CostlyQuantity(text string) bool { return len(text) > 256 || longExponent.MatchString(text) }

// Into decodes fields of an object into a type of the API, and refuses a costly quantity.
func Into(fields map[string]any, into any) error {
	if at := costly(fields, reflect.TypeOf(into).Elem(), ""); at != "" {
		return fmt.Errorf("%s is not a quantity of use", strings.TrimPrefix(at, "."))
	}
	return runtime.DefaultUnstructuredConverter.FromUnstructured(fields, into)
}

var quantity = reflect.TypeFor[resource.Quantity]()

// costly returns the path of the first costly quantity in what is decoded into a type.
func costly(value any, t reflect.Type, path string) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	text, isText := value.(string)
	switch {
	case t == quantity:
		if isText && CostlyQuantity(text) {
			return path
		}
	case t.Kind() == reflect.Struct:
		return costlyField(value, t, path)
	case t.Kind() == reflect.Map:
		for key, inner := range asMap(value) {
			if at := costly(inner, t.Elem(), path+"."+key); at != "" {
				return at
			}
		}
	case t.Kind() == reflect.Slice:
		list, _ := value.([]any)
		for i, inner := range list {
			if at := costly(inner, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); at != "" {
				return at
			}
		}
	}
	return ""
}

// costlyField is costly for a type with fields.
func costlyField(value any, t reflect.Type, path string) string {
	fields := asMap(value)
	if len(fields) == 0 {
		return ""
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		inner, at := fields[name], path+"."+name
		switch {
		case name == "" && t.Field(i).Anonymous: // its fields stand among the others
			inner, at = value, path
		case name == "":
			continue
		}
		if at := costly(inner, t.Field(i).Type, at); at != "" {
			return at
		}
	}
	return ""
}

func asMap(value any) map[string]any {
	fields, _ := value.(map[string]any)
	return fields
}
