package clusterfile

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Offers are what a catalogue offers to cluster files.
type Offers struct {
	Tested  map[string]string   // the exact version that the bundle of a minor was tested with
	Newest  string              // the minor taken where nobody names one
	Choices map[string][]Choice // by minor
}

// A Choice is a field of the cluster file whose value is the name of an addon, or none.
type Choice struct {
	Field   string // cni, ingress or csi
	Default string
	Options []Option // what a minor has, by name
}

// An Option is an addon that a field can name.
type Option struct {
	Name       string // as the field has it
	ProviderID string // what the providerIDs of all nodes begin with where the addon belongs on them; empty if nodes do not tell
}

// Names returns the values that the field may have: the options, and none.
func (c Choice) Names() []string {
	var names []string
	for _, o := range c.Options {
		names = append(names, o.Name)
	}
	return append(names, None)
}

// For returns the choices of a minor; those of the newest for a minor without a bundle.
func (o Offers) For(minor string) []Choice {
	if choices, ok := o.Choices[minor]; ok {
		return choices
	}
	return o.Choices[o.Newest]
}

// Chosen returns the value of a field that names an addon.
func (c Cluster) Chosen(field string) string { return *c.choice(field) }

func (c *Cluster) choice(field string) *string {
	switch field {
	case "cni":
		return &c.CNI
	case "ingress":
		return &c.Ingress
	case "csi":
		return &c.CSI
	}
	panic("cluster file: " + field + " names no addon")
}

// detect fills what the nodes tell about the choices.
func (f Facts) detect(c *Cluster, choices []Choice) []Finding {
	var found []Finding
	for _, choice := range choices {
		if value, source := f.detected(choice); source != "" {
			fill(&found, c.choice(choice.Field), choice.Field, value, source)
		}
	}
	return found
}

// detected returns the option that belongs on the nodes: the default before others, and none if no node is of any. It says
// nothing where there are no nodes, or where nothing that can be chosen by default is told by them.
func (f Facts) detected(choice Choice) (value, source string) {
	options := slices.DeleteFunc(slices.Clone(choice.Options), func(o Option) bool { return o.ProviderID == "" })
	if len(f.Nodes) == 0 || len(options) == 0 {
		return "", ""
	}
	slices.SortStableFunc(options, func(a, b Option) int { return rank(a, choice) - rank(b, choice) })
	for _, o := range options {
		yes, from := f.provided(o.ProviderID)
		if yes {
			return o.Name, from
		}
		if source == "" || o.Name == choice.Default {
			source = from
		}
	}
	if rank(options[0], choice) > 0 && choice.Default != None {
		return "", "" // the default does not depend on the nodes
	}
	return None, source
}

func rank(o Option, choice Choice) int {
	if o.Name == choice.Default {
		return 0
	}
	return 1
}

// provided reports whether the providerIDs of the nodes begin with a prefix, and how that is known. A node without a providerID
// does not count: it has just joined, and its cloud controller has not seen it yet.
func (f Facts) provided(prefix string) (yes bool, source string) {
	source = "no node has a providerID"
	for _, n := range f.Nodes {
		if n.ProviderID == "" {
			continue
		}
		if !strings.HasPrefix(n.ProviderID, prefix) {
			return false, "providerID of node " + n.Name
		}
		if !yes {
			yes, source = true, "providerID of node "+n.Name
		}
	}
	return yes, source
}

// choose fills the choices that are still open with their defaults.
func choose(c *Cluster, choices []Choice) {
	for _, field := range []string{"cni", "ingress", "csi"} {
		value := c.choice(field)
		i := slices.IndexFunc(choices, func(choice Choice) bool { return choice.Field == field })
		if *value == "" && i >= 0 {
			*value = choices[i].Default
		}
		if *value == "" {
			*value = None
		}
	}
}

// moved gives the fault of a field that had another shape in earlier releases the remedy that moves it.
func moved(faults strictyaml.Faults) {
	for i, f := range faults {
		if f.Field == "csi" && f.Problem == "is a mapping" {
			faults[i].Problem = "is a mapping, as it was in earlier releases"
			faults[i].Remedy = "name the CSI driver: csi: DRIVER in place of enabled: true, csi: none in place of enabled: false; " +
				"secretName and zone go to addons.DRIVER.values.secretName and addons.DRIVER.values.zone (fitout bundles show MINOR lists the drivers)"
		}
	}
}

// offered adds to the fields that name addons which addons there are: in any minor, with the default of the newest.
func (o Offers) offered(fields []strictyaml.Field) []strictyaml.Field {
	fields = slices.Clone(fields)
	for i, f := range fields {
		var names []string
		for _, choices := range o.Choices {
			for _, choice := range choices {
				if choice.Field == f.Name {
					names = append(names, choice.Names()...)
				}
			}
		}
		if len(names) == 0 {
			continue
		}
		slices.Sort(names)
		names = slices.DeleteFunc(slices.Compact(names), func(name string) bool { return name == None })
		fields[i].Enum = append(names, None)
		for _, choice := range o.Choices[o.Newest] {
			if choice.Field == f.Name {
				fields[i].Default = choice.Default
			}
		}
	}
	return fields
}

// Check returns the fault of a choice that names no addon of its role. known are all names that the field may have in any minor.
func (c Choice) Check(value string, known []string) (strictyaml.Fault, bool) {
	if slices.Contains(c.Names(), value) || slices.Contains(known, value) {
		return strictyaml.Fault{}, true
	}
	return strictyaml.Fault{Field: c.Field, Problem: fmt.Sprintf("is %q", strictyaml.Clip(value)), Remedy: strictyaml.Suggest(value, c.Names())}, false
}
