package upgrade

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// A setting is a value in an object, as text; empty if it is not there.
type setting struct{ name, value string }

// maxText bounds a text that is read as YAML, in bytes: somebody else may have written it.
const maxText = 256 << 10

// settingsOf returns the settings of a rule in an object: always as many, in the same order.
func settingsOf(rule bundle.UpgradeDecision, o *manifest.Object) []setting {
	if rule.Env != "" {
		return []setting{{rule.Env, environment(o, rule.Env)}}
	}
	value, _, _ := unstructured.NestedFieldNoCopy(o.Object, rule.Keys()...)
	if len(rule.Paths) == 0 {
		return []setting{{rule.Field, text(value)}}
	}
	var content map[string]any
	if source, _ := value.(string); len(source) > maxText || yaml.Unmarshal([]byte(source), &content) != nil {
		content = map[string]any{} // what cannot be read has no settings, and so another value than one that has
	}
	var all []setting
	for _, path := range rule.Paths {
		part, _, _ := unstructured.NestedFieldNoCopy(content, strings.Split(path, ".")...)
		all = append(all, setting{path, text(part)})
	}
	return all
}

// environment returns the value of a variable of the first container that has it.
func environment(o *manifest.Object, name string) string {
	containers, _, _ := unstructured.NestedSlice(o.Object, append(manifest.PodSpecPath(o.GetKind()), "containers")...)
	for _, c := range containers {
		variables, _ := named(c, "env").([]any)
		for _, v := range variables {
			if named(v, "name") == name {
				return text(named(v, "value"))
			}
		}
	}
	return ""
}

func text(value any) string {
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

func quoted(value string) string {
	if value == "" {
		return "nothing"
	}
	return printable.Cut(value, 60)
}
