package kubeapi

import (
	"encoding/json"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// explain turns a fault in the API server's words into one of ours, on one line.
func explain(fault *field.Error) (problem, remedy string) {
	remedy = printable.OneLine(fault.Detail)
	if _, rule, ok := strings.Cut(remedy, " in body "); ok { // spec.a in body should be at least 2 chars long
		remedy = rule
	}
	if remedy == "" {
		remedy = "correct it"
	}
	switch fault.Type {
	case field.ErrorTypeRequired:
		if fault.Detail == "" {
			remedy = "give it a value"
		}
		return missing, remedy
	case field.ErrorTypeNotSupported:
		return "is " + given(fault.BadValue), strings.Replace(remedy, "supported values: ", "use one of ", 1)
	case field.ErrorTypeForbidden:
		return "is not allowed here", remedy
	case field.ErrorTypeDuplicate:
		return "is there twice: " + given(fault.BadValue), "remove one"
	case field.ErrorTypeTypeInvalid:
		return "is not valid", remedy // the value in the fault is the name of a type
	}
	return "is " + given(fault.BadValue), remedy
}

// given prints a scalar that was found, short and on one line, and nothing of what is larger.
func given(value any) string {
	text, err := json.Marshal(value)
	if err != nil || string(text) == `""` || string(text) == "null" || strings.ContainsAny(string(text[:1]), "{[") {
		return "not valid"
	}
	return strictyaml.Clip(string(text))
}
