package kubeapi

import (
	"encoding/json"
	"fmt"
	"math"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A scalarType is how the API server decodes a scalar: into the Go type that into makes, by encoding/json or the type's own
// decoder.
type scalarType struct {
	into func() any
	want string // what is right
}

var scalarTypes = map[Ref]scalarType{
	"string":    {func() any { return new(string) }, "a string"},
	"byte":      {func() any { return new([]byte) }, "standard base64 (A-Z, a-z, 0-9, + and /, padded with =)"},
	"integer":   {func() any { return new(int64) }, "a whole number"},
	"int32":     {func() any { return new(int32) }, "a whole number"},
	"number":    {func() any { return new(float64) }, "a number"},
	"boolean":   {func() any { return new(bool) }, "true or false"},
	"intstr":    {func() any { return new(intstr.IntOrString) }, "a whole number or a string"},
	"quantity":  {func() any { return new(resource.Quantity) }, "a quantity such as 100m or 64Mi"},
	"time":      {func() any { return new(metav1.Time) }, "a time such as 2006-01-02T15:04:05Z"},
	"microtime": {func() any { return new(metav1.MicroTime) }, "a time such as 2006-01-02T15:04:05.000000Z"},
	"duration":  {func() any { return new(metav1.Duration) }, "a duration such as 1m30s"},
}

// decodes reports whether the API server can decode a value as a scalar.
func decodes(ref Ref, value any) bool {
	switch value := value.(type) { // most values, without going through JSON
	case string:
		if ref == "string" {
			return true
		}
		if ref == "quantity" && manifest.CostlyQuantity(value) {
			return false
		}
	case bool:
		return ref == "boolean"
	case int64:
		if ref == "integer" {
			return true
		}
	}
	text, err := json.Marshal(value)
	if err != nil {
		return false
	}
	scalar, known := scalarTypes[ref]
	return known && json.Unmarshal(text, scalar.into()) == nil
}

// wanted says what is right in place of a value.
func wanted(ref Ref, value any) string {
	want := scalarTypes[ref].want
	if n, isFloat := value.(float64); isFloat && n == math.Trunc(n) && (ref == "int32" || ref == "integer" || ref == "intstr") {
		value = int64(0)
	}
	if _, whole := value.(int64); whole {
		switch ref {
		case "int32", "intstr":
			want += " of at most 32 bits"
		case "integer":
			want += " of at most 64 bits"
		}
	}
	return want
}

// describe says what was found, without its value if that is a secret.
func describe(value any, secret bool) string {
	kind, shown := "number", fmt.Sprint(value)
	switch value := value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	case string:
		kind, shown = "string", fmt.Sprintf("%q", strictyaml.Clip(value))
	case bool:
		kind = "boolean"
	}
	if secret {
		return "a " + kind
	}
	return "the " + kind + " " + shown
}
