package bundle

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Resolved is the exact set of addons for one cluster.
type Resolved struct {
	Cluster  clusterfile.Cluster
	Minor    string
	Addons   []ResolvedAddon // by name
	External []string        // capabilities that the user brings
	Warnings []string        // what is usable but should not be chosen
	Endpoint bool            // whether an addon is told the API endpoint
}

// A ResolvedAddon is one addon with everything that rendering needs.
type ResolvedAddon struct {
	Addon
	Form      Form
	Line      string // of the chart; what of the addon's folder the objects are made from
	Namespace string // of objects that somebody else wrote and that name none
	Version   string
	Images    map[string]string
	Values    map[string]any // over the chart's defaults; images included
	Chart     fs.FS
	Folder    string // of the chart, where it is in a source that has a name
	Patches   []clusterfile.Patch
	Resources map[string]clusterfile.Resources
	Pods      clusterfile.Pods
	Workloads map[string]clusterfile.Pods // by the workload's name
}

// Resolve chooses the addons for a complete cluster and settles their versions, images and values. The error is a
// strictyaml.Faults where the cluster file is at fault, and any other error where the catalogue is.
func (c *Catalogue) Resolve(cluster clusterfile.Cluster) (*Resolved, error) {
	b, ok := c.bundles[cluster.Minor()]
	if !ok {
		return nil, strictyaml.Faults{c.unknownMinor(cluster)}
	}
	data, err := cluster.TemplateData()
	if err != nil {
		return nil, err
	}
	r := &resolution{catalogue: c, bundle: b, data: data, out: &Resolved{Cluster: cluster, Minor: b.Kubernetes}}
	r.choices()
	for _, name := range c.Names() {
		if err := r.addon(c.addons[name]); err != nil {
			return nil, fmt.Errorf("bundle %s: %w", b.Kubernetes, err)
		}
	}
	r.unknownAddons()
	r.requirements()
	return r.out, r.faults.ErrorOrNil()
}

func (c *Catalogue) unknownMinor(cluster clusterfile.Cluster) strictyaml.Fault {
	minors := c.Minors()
	nearest := minors[0]
	for _, m := range minors {
		if abs(clusterfile.CompareMinors(m, cluster.Minor())) <= abs(clusterfile.CompareMinors(nearest, cluster.Minor())) {
			nearest = m
		}
	}
	return strictyaml.Fault{Field: "kubernetesVersion", Problem: fmt.Sprintf("is %s, for which there is no bundle", cluster.KubernetesVersion),
		Remedy: fmt.Sprintf("the nearest is %s; there are bundles for %s", nearest, strings.Join(minors, ", "))}
}

func abs(n int) int { return max(n, -n) }

// resolution is the work on one cluster.
type resolution struct {
	catalogue *Catalogue
	bundle    Bundle
	data      map[string]any
	out       *Resolved
	refused   []string // capabilities of addons that were refused: nobody is told of them a second time
	faults    strictyaml.Faults
}

func (r *resolution) fault(field, problem, remedy string) {
	r.faults = append(r.faults, strictyaml.Fault{Field: field, Problem: problem, Remedy: remedy})
}

// addon decides on one addon and settles it where it is selected.
func (r *resolution) addon(a Addon) error {
	selected, err := a.selected(r.out.Cluster, r.data)
	if err != nil {
		return r.catalogue.failed(r.catalogue.addonFile(a.Name), "when", err)
	}
	setting := r.out.Cluster.Addons[a.Name]
	off := setting.Enabled != nil && !*setting.Enabled
	switch {
	case off && selected: // the user brings their own
		r.out.External = append(r.out.External, a.Provides...)
		return nil
	case off && len(a.Provides) > 0: // the same, said beside kubeProxy.enabled: false
		r.out.External = append(r.out.External, a.Provides[0])
		return nil
	case off || !selected && setting.Enabled == nil:
		return nil
	}
	if !selected && a.alone() { // a second network, or a proxy beside what replaces it
		r.fault("addons."+a.Name+".enabled", "is true, but "+a.chosenBy()+" does not choose "+a.Name, "set "+a.chosenBy()+" instead")
		r.refused = append(r.refused, a.Provides...)
		return nil
	}
	entry, ok := r.available(a)
	if !ok {
		r.refused = append(r.refused, a.Provides...)
		return nil
	}
	return r.settle(a, entry)
}

// available returns the bundle's entry for a selected addon, or reports why it has none.
func (r *resolution) available(a Addon) (Entry, bool) {
	entry, ok := r.bundle.Addons[a.Name]
	level, minor := a.Lifecycle.Level(r.bundle.Kubernetes), r.bundle.Kubernetes
	switch {
	case level == Refused:
		r.fault(a.chosenBy(), fmt.Sprintf("asks for %s, which does not support Kubernetes %s", a.Name, minor), a.Lifecycle.advice())
		return entry, false
	case !ok:
		r.fault(a.chosenBy(), fmt.Sprintf("asks for %s, which the bundle %s does not hold", a.Name, minor), "choose one of its addons: "+strings.Join(slices.Sorted(maps.Keys(r.bundle.Addons)), ", "))
		return entry, false
	case level == Deprecated:
		r.warn(a, "is deprecated on Kubernetes "+minor)
	case level == Untested:
		r.warn(a, "is not tested upstream on Kubernetes "+minor)
	}
	return entry, true
}

// settle expands the templates of an entry and merges the user's values over them.
func (r *resolution) settle(a Addon, e Entry) error {
	setting := r.out.Cluster.Addons[a.Name]
	form, part := e.Form()
	out := ResolvedAddon{Addon: a, Form: form, Line: part, Namespace: cmp.Or(e.Namespace, defaultNamespace), Images: map[string]string{}, Patches: e.Patches, Resources: setting.Resources, Pods: setting.Pods, Workloads: setting.Workloads}
	var err error
	if out.Version, err = expand(a.Name, e.Version, r.data); err != nil {
		return r.at(a, "version", err)
	}
	for _, name := range slices.Sorted(maps.Keys(e.Images)) {
		if out.Images[name], err = expand(a.Name, e.Images[name], r.data); err != nil {
			return r.at(a, "images."+name, err)
		}
	}
	if out.Values, err = r.values(a, e, out.Images); err != nil {
		return r.at(a, "values", err)
	}
	if err := r.warnings(a, out.Values); err != nil {
		return err
	}
	r.out.Warnings = append(r.out.Warnings, r.catalogue.Stale(r.bundle.Kubernetes, a.Name)...)
	if out.Chart, err = r.catalogue.files(a.Name, e); err != nil {
		return err
	}
	if p, err := r.catalogue.from(a.Name, part); err == nil && p.source.Name != "" {
		out.Folder = p.source.addonFile(path.Join(a.Name, part))
	}
	r.out.Addons = append(r.out.Addons, out)
	r.out.Endpoint = r.out.Endpoint || strings.Contains(e.Values, ".network.api")
	return nil
}

// at says in which file and line a part of an addon's entry stands that has failed.
func (r *resolution) at(a Addon, part string, err error) error {
	return r.catalogue.failed(r.catalogue.bundleFile(r.bundle.Kubernetes, a.Name), "addons."+a.Name+"."+part, err)
}

// failed says what could not be carried out of a field of the catalogue. It is a fault of the input where somebody wrote the file, and
// a defect of the program where the file is embedded.
func (c *Catalogue) failed(file, field string, err error) error {
	var faults strictyaml.Faults
	switch {
	case errors.As(err, &faults):
		return faults
	case c.own[file]:
		return strictyaml.Faults{{File: file, Line: c.lines[file][field], Field: field, Problem: "fails: " + err.Error()}}
	}
	return fmt.Errorf("%s:%d: %s: %w", file, c.lines[file][field], field, err)
}

// values are the entry's values with the user's merged over them. Both must fit the chart's defaults.
func (r *resolution) values(a Addon, e Entry, images map[string]string) (map[string]any, error) {
	if form, _ := e.Form(); form != FitoutChart {
		return r.foreignValues(a, e)
	}
	defaults, err := r.catalogue.chartDefaults(a.Name, e.Chart)
	if err != nil {
		return nil, err
	}
	values, err := expandValues(a.Name, e.Values, r.data)
	if err != nil {
		return nil, err
	}
	values["images"] = anyMap(images)
	if wrong := misfits(defaults, values, "", "values.yaml of chart "+e.Chart+" lists them"); len(wrong) > 0 {
		return nil, fmt.Errorf("%s", wrong) // as text: no fault of the user's
	}
	given := r.out.Cluster.Addons[a.Name].Values
	return merge(values, given), r.judge(a, e.Chart, defaults, values, given)
}

// unknownAddons reports settings for addons that the catalogue does not have.
func (r *resolution) unknownAddons() {
	for _, name := range slices.Sorted(maps.Keys(r.out.Cluster.Addons)) {
		if _, ok := r.catalogue.addons[name]; !ok {
			remedy := "use one of " + strings.Join(r.catalogue.Names(), ", ")
			if best := strictyaml.Nearest(name, r.catalogue.Names()); best != "" {
				remedy = "did you mean " + best + "?"
			}
			r.fault("addons."+name, "is not an addon", remedy)
		}
	}
}

// requirements reports capabilities that a selected addon requires and nobody provides.
func (r *resolution) requirements() {
	slices.Sort(r.out.External)
	r.out.External = slices.Compact(r.out.External)
	provided := slices.Concat(r.out.External, r.refused)
	for _, a := range r.out.Addons {
		provided = append(provided, a.Provides...)
	}
	reported := map[string]bool{}
	for _, a := range r.out.Addons {
		for _, need := range a.Requires {
			if !slices.Contains(provided, need) && !reported[need] {
				reported[need] = true
				field, remedy := r.providers(need)
				r.fault(field, fmt.Sprintf("leaves nothing that provides %s, which %s requires", need, a.Name), remedy)
			}
		}
	}
}

// providers names what in the bundle could provide a capability, and the field that chooses the one whose main job it is.
func (r *resolution) providers(capability string) (field, remedy string) {
	var names []string
	main := "" // the addon whose main job it is
	for _, name := range slices.Sorted(maps.Keys(r.bundle.Addons)) {
		if a := r.catalogue.addons[name]; slices.Contains(a.Provides, capability) {
			names = append(names, fmt.Sprintf("%s (%s)", name, a.chosenBy()))
			if a.Provides[0] == capability || field == "" {
				field = a.chosenBy()
			}
			if a.Provides[0] == capability {
				main = name
			}
		}
	}
	if len(names) == 0 {
		return "addons", "the bundle has no addon that provides it"
	}
	remedy = "choose one that does: " + strings.Join(names, ", ")
	if main != "" {
		remedy += fmt.Sprintf("; or set addons.%s.enabled: false if the cluster has it from somebody else", main)
	}
	return field, remedy
}
