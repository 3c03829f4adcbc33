package bundle

import (
	"fmt"
	"maps"
)

// A Warning is said of a cluster that chooses a setting.
type Warning struct {
	When string `json:"when" required:"true" doc:"template expression over the cluster file, and over the chart's values as .values; the warning is said if it is true"`
	Says string `json:"says" required:"true" doc:"what is wrong with it, from when on, and what to choose instead"`
}

// warn adds a warning about an addon whose lifecycle says that it should not be chosen.
func (r *resolution) warn(a Addon, problem string) {
	text := a.Name + " " + problem
	if advice := a.Lifecycle.advice(); advice != "" {
		text += ": " + advice
	}
	r.out.Warnings = append(r.out.Warnings, text)
}

// warnings adds those of the addon that hold for the cluster and the values of the chart.
func (r *resolution) warnings(a Addon, values map[string]any) error {
	data := maps.Clone(r.data)
	data["values"] = values
	for i, w := range a.Warnings {
		yes, err := holds(a.Name, w.When, data)
		if err != nil {
			return r.catalogue.failed(r.catalogue.addonFile(a.Name), fmt.Sprintf("warnings[%d].when", i), err)
		}
		if yes {
			r.out.Warnings = append(r.out.Warnings, a.Name+": "+w.Says)
		}
	}
	return nil
}
