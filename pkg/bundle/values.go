package bundle

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/yaml"
)

func (c *Catalogue) chartDefaults(addon, line string) (map[string]any, error) {
	text, err := c.readFile(addon, path.Join(line, "values.yaml"))
	if err != nil {
		return nil, err
	}
	return decodeDefaults(text, path.Join(addon, line))
}

// defaultsOf are the values of a chart in a folder of its own; at is what messages call it.
func defaultsOf(chart fs.FS, at string) (map[string]any, error) {
	text, err := fs.ReadFile(chart, "values.yaml")
	if err != nil {
		return nil, err
	}
	return decodeDefaults(text, at)
}

func decodeDefaults(text []byte, at string) (map[string]any, error) {
	values := map[string]any{}
	if err := yaml.Unmarshal(text, &values); err != nil {
		return nil, fmt.Errorf("%s/values.yaml: %w", at, err)
	}
	return values, nil
}

// expandValues executes the template of an entry's values and reads the result.
func expandValues(name, text string, data map[string]any) (map[string]any, error) {
	out, err := expand(name, text, data)
	if err != nil {
		return nil, err
	}
	values := map[string]any{}
	if err := yaml.UnmarshalStrict([]byte(out), &values); err != nil {
		return nil, err
	}
	return values, nil
}

func anyMap(m map[string]string) map[string]any {
	out := map[string]any{}
	for k, v := range m {
		out[k] = v
	}
	return out
}

// misfits reports what in given has a key, or a shape, that defaults do not have. A default that is an empty map takes any
// key, and one that is null takes anything. lists says where the keys are listed.
func misfits(defaults, given map[string]any, at, lists string) strictyaml.Faults {
	var wrong strictyaml.Faults
	for _, key := range slices.Sorted(maps.Keys(given)) {
		def, known := defaults[key]
		inner, _ := given[key].(map[string]any)
		switch d, _ := def.(map[string]any); {
		case !known:
			wrong = append(wrong, strictyaml.Fault{Field: at + key, Problem: "is not a value of its chart", Remedy: lists})
		case def == nil || given[key] == nil:
		case shape(given[key]) != shape(def):
			wrong = append(wrong, strictyaml.Fault{Field: at + key, Problem: "is " + shape(given[key]), Remedy: "give " + shape(def)})
		case len(d) > 0:
			wrong = append(wrong, misfits(d, inner, at+key+".", lists)...)
		}
	}
	return wrong
}

func shape(value any) string {
	switch value.(type) {
	case map[string]any:
		return "a mapping"
	case []any:
		return "a list"
	}
	return "a single value"
}

// merge returns base with over merged into it; neither is changed.
func merge(base, over map[string]any) map[string]any {
	out := maps.Clone(base)
	for key, value := range over {
		b, okBase := out[key].(map[string]any)
		o, okOver := value.(map[string]any)
		if okBase && okOver {
			out[key] = merge(b, o)
		} else {
			out[key] = value
		}
	}
	return out
}
