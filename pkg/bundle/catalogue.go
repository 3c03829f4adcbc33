// Package bundle is the catalogue: which addons there are, which of them a Kubernetes minor gets in which version, and
// what that comes to for one cluster. All of it is data, read from files.
package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/corefile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/api/resource"
)

// A Bundle is the set of addons for one Kubernetes minor.
type Bundle struct {
	APIVersion    string           `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind          string           `json:"kind" required:"true" enum:"Bundle" doc:"kind of this file"`
	Kubernetes    string           `json:"kubernetes" required:"true" doc:"the minor, which is the file's name"`
	TestedVersion string           `json:"testedVersion" required:"true" doc:"the exact Kubernetes version that it is tested with"`
	Budget        Budget           `json:"budget" doc:"the most that the addons may request"`
	Addons        map[string]Entry `json:"addons" required:"true" doc:"the addons by name"`
}

// A Budget is the most that the addons of a bundle may request, whichever of them a cluster chooses.
type Budget struct {
	Node    Allowance `json:"node" required:"true" doc:"of each node, for what runs on every node"`
	Cluster Allowance `json:"cluster" required:"true" doc:"of the cluster, for what runs once"`
}

// An Allowance is one part of a budget.
type Allowance struct {
	CPU        string `json:"cpu" required:"true" doc:"sum of the CPU requests (500m)"`
	Memory     string `json:"memory" required:"true" doc:"sum of the memory requests (200Mi)"`
	Undeclared int    `json:"undeclared" doc:"number of containers without a memory request"`
}

// An Entry is one addon of a bundle. Version, images and values are templates over the cluster file.
type Entry struct {
	Chart   string              `json:"chart" required:"true" doc:"the chart's folder, an upstream line"`
	Version string              `json:"version" required:"true" doc:"exact version of what runs"`
	Images  map[string]string   `json:"images" doc:"image references by the name that the chart uses"`
	Values  string              `json:"values" doc:"template of the chart's values, as YAML text"`
	Patches []clusterfile.Patch `json:"patches" doc:"kustomize patches"`
}

// A Catalogue holds all addons and bundles. It does not change once it is loaded.
type Catalogue struct {
	addons    map[string]Addon
	bundles   map[string]Bundle
	providers []Provider
	charts    fs.FS
}

// Load reads a catalogue: addons has a folder for each addon, bundles a file for each minor. The error joins everything
// that is wrong with them.
func Load(addons, bundles fs.FS) (*Catalogue, error) {
	c := &Catalogue{addons: map[string]Addon{}, bundles: map[string]Bundle{}, charts: addons}
	errs := []error{c.loadAddons(addons), c.loadBundles(bundles), c.loadProviders(addons)}
	errs = append(errs, c.verify()...)
	return c, errors.Join(errs...)
}

func (c *Catalogue) loadAddons(from fs.FS) error {
	files, err := fs.Glob(from, "*/addon.yaml")
	if err != nil {
		return fmt.Errorf("addons: %w", err)
	}
	var errs []error
	for _, file := range files {
		var a Addon
		if err := decode(from, file, &a); err != nil {
			errs = append(errs, err)
			continue
		}
		if folder := path.Dir(file); a.Name != folder {
			errs = append(errs, fmt.Errorf("%s: name is %s; it must be the folder's name, %s", file, a.Name, folder))
		}
		errs = append(errs, a.loadTables(from))
		c.addons[a.Name] = a
	}
	return errors.Join(errs...)
}

// loadTables reads the tables of plugins that the addon's edits name.
func (a *Addon) loadTables(from fs.FS) error {
	var errs []error
	for i, e := range a.Edits {
		file := path.Join(a.Name, e.Plugins)
		data, err := fs.ReadFile(from, file)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s/addon.yaml: edits[%d].plugins: %w", a.Name, i, err))
			continue
		}
		if a.Edits[i].Table, err = corefile.DecodeTable(file, data); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogue) loadBundles(from fs.FS) error {
	files, err := fs.Glob(from, "*.yaml")
	if err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	if len(files) == 0 {
		return errors.New("bundles: no bundle found")
	}
	var errs []error
	for _, file := range files {
		var b Bundle
		if err := decode(from, file, &b); err != nil {
			errs = append(errs, err)
			continue
		}
		if minor := strings.TrimSuffix(file, ".yaml"); b.Kubernetes != minor {
			errs = append(errs, fmt.Errorf("%s: kubernetes is %s; it must be the file's name, %s", file, b.Kubernetes, minor))
		}
		c.bundles[b.Kubernetes] = b
	}
	return errors.Join(errs...)
}

func decode(from fs.FS, file string, into any) error {
	f, err := from.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = strictyaml.Read(file, f, into)
	return err
}

// verify checks what no single file can tell: entries against addons and charts, the ranges of support, and
// the fields that are edited.
func (c *Catalogue) verify() []error {
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(c.addons)) {
		for _, s := range c.addons[name].Lifecycle.Support {
			if _, _, err := s.Range(); err != nil {
				errs = append(errs, fmt.Errorf("%s/addon.yaml: lifecycle.support: %w", name, err))
			}
		}
		for i, d := range c.addons[name].Creates {
			if err := d.verify(); err != nil {
				errs = append(errs, fmt.Errorf("%s/addon.yaml: creates[%d]: %w", name, i, err))
			}
		}
		for i, e := range c.addons[name].Edits {
			if err := e.verify(); err != nil {
				errs = append(errs, fmt.Errorf("%s/addon.yaml: edits[%d]: %w", name, i, err))
			}
		}
		for i, carry := range c.addons[name].Carries {
			if err := carry.verify(); err != nil {
				errs = append(errs, fmt.Errorf("%s/addon.yaml: carries[%d]: %w", name, i, err))
			}
		}
		for _, p := range c.addons[name].Probes {
			if err := p.verify(); err != nil {
				errs = append(errs, fmt.Errorf("%s/addon.yaml: probes: %s: %w", name, p.Name, err))
			}
		}
	}
	for _, minor := range c.Minors() {
		b := c.bundles[minor]
		if v, err := clusterfile.ParseVersion(b.TestedVersion); err != nil || v.Minor() != minor || v.Patch < 0 {
			errs = append(errs, fmt.Errorf("%s.yaml: testedVersion is %q; it must be a version of %s", minor, b.TestedVersion, minor))
		}
		errs = append(errs, verifyBudget(minor, b.Budget)...)
		for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
			errs = append(errs, c.verifyEntry(minor, name, b.Addons[name])...)
		}
	}
	return errs
}

// verifyBudget checks the quantities of a budget; a bundle without one has none.
func verifyBudget(minor string, b Budget) []error {
	if b == (Budget{}) {
		return nil
	}
	var errs []error
	for _, given := range []struct{ field, quantity string }{
		{"node.cpu", b.Node.CPU}, {"node.memory", b.Node.Memory}, {"cluster.cpu", b.Cluster.CPU}, {"cluster.memory", b.Cluster.Memory},
	} {
		if q, err := resource.ParseQuantity(given.quantity); err != nil || q.Sign() < 0 {
			errs = append(errs, fmt.Errorf("%s.yaml: budget.%s is %q; give a quantity such as 500m or 200Mi", minor, given.field, given.quantity))
		}
	}
	return errs
}

func (c *Catalogue) verifyEntry(minor, name string, e Entry) []error {
	addon, ok := c.addons[name]
	if !ok {
		return []error{fmt.Errorf("%s.yaml: addons.%s: there is no addons/%s/addon.yaml", minor, name, name)}
	}
	var errs []error
	if addon.Lifecycle.Level(minor) == Refused {
		errs = append(errs, fmt.Errorf("%s.yaml: addons.%s: its lifecycle does not support %s", minor, name, minor))
	}
	for i, edit := range addon.Edits {
		if edit.Table != nil && !edit.Table.Covers(e.Version) {
			errs = append(errs, fmt.Errorf("%s.yaml: addons.%s.version is %s; %s/%s, which edits[%d] names, is of %s to %s: bring it up to date", minor, name, e.Version, name, edit.Plugins, i, edit.Table.First, edit.Table.Last))
		}
	}
	if _, err := fs.Stat(c.charts, path.Join(name, e.Chart, "Chart.yaml")); err != nil {
		errs = append(errs, fmt.Errorf("%s.yaml: addons.%s.chart: %w", minor, name, err))
	}
	return errs
}

// Minors returns the Kubernetes minors that have a bundle, oldest first.
func (c *Catalogue) Minors() []string {
	return slices.SortedFunc(maps.Keys(c.bundles), clusterfile.CompareMinors)
}

// Newest returns the newest minor that has a bundle.
func (c *Catalogue) Newest() string {
	minors := c.Minors()
	return minors[len(minors)-1]
}

// Tested maps each minor to the exact version that its bundle was tested with.
func (c *Catalogue) Tested() map[string]string {
	tested := map[string]string{}
	for minor, b := range c.bundles {
		tested[minor] = b.TestedVersion
	}
	return tested
}

// Bundle returns the bundle of a minor.
func (c *Catalogue) Bundle(minor string) (Bundle, bool) {
	b, ok := c.bundles[minor]
	return b, ok
}

// Addon returns what addon.yaml says of an addon.
func (c *Catalogue) Addon(name string) (Addon, bool) {
	a, ok := c.addons[name]
	return a, ok
}

// Names returns the names of all addons, sorted.
func (c *Catalogue) Names() []string { return slices.Sorted(maps.Keys(c.addons)) }

// Chart returns the files of an addon's chart.
func (c *Catalogue) Chart(addon, line string) (fs.FS, error) {
	return fs.Sub(c.charts, path.Join(addon, line))
}
