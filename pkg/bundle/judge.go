package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/fitout-dev/fitout/pkg/chartvalues"
)

// A Rule is something that must be true of an addon's values and the cluster, which the schema of the chart cannot say.
type Rule struct {
	Field      string `json:"field" required:"true" doc:"field of the cluster file that a fault names (addons.coredns.values.clusterIP)"`
	Expression string `json:"expression" required:"true" doc:"CEL expression over values, cluster and minor; true where all is well"`
	Message    string `json:"message" required:"true" doc:"template over values, cluster and minor: what is wrong with the field, a clause (is {{ .values.clusterIP }}, outside ...)"`
	Remedy     string `json:"remedy" required:"true" doc:"template over the same: what to do, an imperative"`
}

// Schema returns the schema of a chart's values; nil if the chart has none.
func (c *Catalogue) Schema(addon, line string) (*chartvalues.Schema, error) {
	file := path.Join(addon, line, chartvalues.SchemaFile)
	text, err := c.readFile(addon, path.Join(line, chartvalues.SchemaFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return chartvalues.Parse(file, text)
}

// ChartValues documents the values of a chart: what the chart says of itself, and every value with its default.
func (c *Catalogue) ChartValues(addon, line string) (about string, values []chartvalues.Value, err error) {
	schema, err := c.Schema(addon, line)
	if err != nil || schema == nil {
		return "", nil, err
	}
	defaults, err := c.chartDefaults(addon, line)
	if err != nil {
		return "", nil, err
	}
	return schema.Doc(), schema.Values(defaults), nil
}

// judge checks what the user gave against the chart's schema, and then what the chart will get against the addon's rules.
// Rules are not judged over values that have faults already: an expression may rely on their types.
func (r *resolution) judge(a Addon, line string, defaults, bundled, given map[string]any) error {
	before := len(r.faults)
	if len(given) > 0 {
		if err := r.given(a, line, merge(defaults, bundled), given); err != nil {
			return err
		}
	}
	if len(r.faults) > before {
		return nil
	}
	merged := prune(merge(merge(defaults, bundled), given))
	r.limits(a.Name, merged)
	for i, rule := range a.Rules {
		if err := r.rule(a, rule, merged); err != nil {
			return r.catalogue.failed(r.catalogue.addonFile(a.Name), fmt.Sprintf("rules[%d]", i), err)
		}
	}
	return nil
}

// given checks the user's values as the chart would get them, and keeps the faults of what the user wrote: the rest is the
// catalogue's, which tests check.
func (r *resolution) given(a Addon, line string, base, given map[string]any) error {
	schema, err := r.catalogue.Schema(a.Name, line)
	if err != nil {
		return err
	}
	at, shown := "addons."+a.Name+".values", fmt.Sprintf("fitout bundles show %s %s lists them", r.bundle.Kubernetes, a.Name)
	if schema == nil {
		r.faults = append(r.faults, misfits(base, given, at+".", shown)...)
		return nil
	}
	for _, f := range schema.Check(merge(base, given)) {
		if !wrote(given, f.Path) {
			continue
		}
		if len(f.Path) == 1 && f.Problem == "is not a value of its chart" && strings.HasPrefix(f.Remedy, "use one of ") {
			f.Remedy = shown // all values of a chart are too many for one line
		}
		r.fault(at+"."+f.Field(), f.Problem, f.Remedy)
	}
	return nil
}

// wrote reports whether given holds the value at path, or something in its place.
func wrote(given map[string]any, path []any) bool {
	for i, step := range path {
		name, isKey := step.(string)
		value, ok := given[name]
		if !isKey || !ok {
			return false
		}
		inner, isMap := value.(map[string]any)
		if !isMap || i == len(path)-1 {
			return true
		}
		given = inner
	}
	return false
}

func (r *resolution) rule(a Addon, rule Rule, values map[string]any) error {
	holds, err := chartvalues.Holds(rule.Expression, values, r.data, r.bundle.Kubernetes)
	if err != nil || holds {
		return err
	}
	data := map[string]any{"values": values, "cluster": r.data, "minor": r.bundle.Kubernetes}
	problem, err := expand(a.Name, rule.Message, data)
	if err != nil {
		return err
	}
	remedy, err := expand(a.Name, rule.Remedy, data)
	r.fault(rule.Field, problem, remedy)
	return err
}

// prune returns values without nulls, as Helm gives them to a chart: a null removes the default.
func prune(values map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range values {
		switch v := value.(type) {
		case nil:
		case map[string]any:
			out[key] = prune(v)
		default:
			out[key] = v
		}
	}
	return out
}
