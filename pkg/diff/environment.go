package diff

import (
	"fmt"
	"reflect"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// hideEnvironment replaces the values of environment variables, but for those that the bundle sets to the same value.
func hideEnvironment(after, before, bundled *manifest.Object) {
	now, then, own := environment(after), environment(before), environment(bundled)
	hide := func(variables, others map[string]map[string]any, changed string) map[string]string {
		marks := map[string]string{}
		for key, variable := range variables {
			if bundled, ok := own[key]; !ok || !reflect.DeepEqual(bundled["value"], variable["value"]) {
				other, inBoth := others[key]
				marks[key] = mark(variable["value"], other["value"], inBoth, changed)
			}
		}
		return marks
	}
	nowMarks, thenMarks := hide(now, then, latter), hide(then, now, former)
	for key, text := range nowMarks {
		now[key]["value"] = text
	}
	for key, text := range thenMarks {
		then[key]["value"] = text
	}
}

// environment returns the environment variables with a value, wherever they stand in an object, by path and name.
func environment(o *manifest.Object) map[string]map[string]any {
	variables := map[string]map[string]any{}
	if o != nil {
		collect(variables, o.Object, "")
	}
	return variables
}

func collect(variables map[string]map[string]any, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			list, isList := value.([]any)
			if key != "env" || !isList {
				collect(variables, value, path+"/"+key)
				continue
			}
			for i, element := range list {
				variable, _ := element.(map[string]any)
				if _, has := variable["value"]; has {
					at := path + "/env/" + nameOf(element, i)
					for variables[at] != nil { // two of one name
						at += "'"
					}
					variables[at] = variable
				}
			}
		}
	case []any:
		for i, element := range v {
			collect(variables, element, path+"/"+nameOf(element, i))
		}
	}
}

// nameOf tells the elements of a list apart: containers and variables by name, others by their place.
func nameOf(element any, i int) string {
	if m, ok := element.(map[string]any); ok && m["name"] != nil {
		return fmt.Sprint(m["name"])
	}
	return fmt.Sprint(i)
}
