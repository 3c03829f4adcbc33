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

	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/yaml"
)

// OverridesAnnotation is the annotation of a Chart.yaml that says for which version of the addon a chart was made that takes the
// place of a chart of the same line.
const OverridesAnnotation = "fitout.dev/overrides"

// versionOfCluster is what stands for the version of an addon that follows the cluster.
const versionOfCluster = "cluster"

// An override is a part of a layer that takes the place of one of the layers below, and the version that it was made for.
type override struct {
	file, field string // where that version stands
	minor       string // of the bundle; empty where it concerns all of them
	addon, part string // part: the version, addon.yaml, chart 1.12
	made, below string // versions; below is empty where the layers below have none
	from        string // the layer below
}

// Stale tells of a part that was made for another version than the layers below have now.
func (o override) Stale() (string, bool) {
	if o.made == o.below {
		return "", false
	}
	of := o.addon
	if o.part != "" {
		of = o.part + " of " + o.addon
	}
	if o.minor != "" {
		of += " in bundle " + o.minor
	}
	now := o.from + " is " + o.below
	if o.below == "" {
		now = o.from + " has it no more"
	}
	remedy := "set " + o.field + ": " + o.below
	if o.below == "" {
		remedy = "remove " + o.field
	}
	return fmt.Sprintf("your override of %s was made for %s; %s: compare them with fitout bundles diff, then %s in %s", of, o.made, now, remedy, o.file), true
}

// Stale returns what is to be said of overrides that were made for other versions than the layers below have now, of a minor and
// an addon; of all of them where these are empty.
func (c *Catalogue) Stale(minor, addon string) []string {
	var all []string
	for _, o := range c.overrides {
		if minor != "" && o.minor != "" && o.minor != minor || addon != "" && o.addon != addon {
			continue
		}
		if text, stale := o.Stale(); stale {
			all = append(all, text)
		}
	}
	return all
}

// overrideEntry notes an entry of a bundle that takes the place of one below it.
func (c *Catalogue) overrideEntry(s Source, minor, addon, file string, entry, below Entry, known bool) error {
	at := "addons." + addon + ".overrides"
	switch {
	case s.Name == "":
		return nil
	case entry.Overrides == "" && known:
		return c.locate(file, place{at, fmt.Errorf("is missing, and %s has %s %s in its bundle %s; add overrides: %s, the version that the entry was made for",
			c.below(minor, addon), addon, versionText(below.Version), minor, versionText(below.Version))})
	case entry.Overrides != "":
		c.overrides = append(c.overrides, override{file: file, field: "overrides", minor: minor, addon: addon, made: entry.Overrides, below: versionText(below.Version), from: c.below(minor, addon)})
	}
	return nil
}

// versionText is a version as overrides name it.
func versionText(version string) string {
	if strings.Contains(version, "{{") {
		return versionOfCluster
	}
	return version
}

// below is what messages call the layer that holds the entry of an addon so far.
func (c *Catalogue) below(minor, addon string) string {
	return cmp.Or(c.holders[minor][addon], embeddedName)
}

// embeddedName is what messages call the embedded catalogue.
const embeddedName = "embedded"

// overrideParts notes the parts of addons' folders of a source that take the place of parts below it. The bundles of the
// sources below are loaded, and none of it or of those above.
func (c *Catalogue) overrideParts(s Source) error {
	var errs []error
	for _, addon := range slices.Sorted(maps.Keys(c.replaced)) {
		for _, part := range c.replaced[addon] {
			if c.parts[addon][part].source.Name != s.Name {
				continue // a source above has another one
			}
			errs = append(errs, c.overridePart(s, addon, part))
		}
	}
	return errors.Join(errs...)
}

func (c *Catalogue) overridePart(s Source, addon, part string) error {
	o := override{file: s.addonFile(path.Join(addon, part)), field: "overrides", addon: addon, part: part, from: embeddedName}
	if part == "addon.yaml" {
		if c.broken[addon] {
			return nil
		}
		o.made, o.below = c.addons[addon].Overrides, c.newestBelow(addon, "")
	} else {
		made, isChart := c.chartOverrides(s, addon, part)
		if !isChart {
			return nil // a table or another file, which goes with addon.yaml
		}
		o.file, o.field, o.part = s.addonFile(path.Join(addon, part, "Chart.yaml")), OverridesAnnotation, "chart "+part
		o.made, o.below = made, c.newestBelow(addon, part)
	}
	if o.made == "" && o.below != "" {
		how := "overrides: " + o.below
		if o.field == OverridesAnnotation {
			how = "annotations: {" + OverridesAnnotation + ": " + o.below + "}"
		}
		return c.locate(o.file, place{"", fmt.Errorf("takes the place of the embedded one and does not say for which version it was made; add %s, the newest version that the bundles below have", how)})
	}
	if o.made != "" {
		c.overrides = append(c.overrides, o)
	}
	return nil
}

// chartOverrides is what the Chart.yaml of a line says of what it overrides.
func (c *Catalogue) chartOverrides(s Source, addon, line string) (made string, isChart bool) {
	text, err := fs.ReadFile(s.Addons, path.Join(addon, line, "Chart.yaml"))
	if err != nil {
		return "", false
	}
	var chart struct {
		Annotations map[string]string `json:"annotations"`
	}
	if err := yaml.Unmarshal(text, &chart); err != nil {
		return "", true // rendering reports it
	}
	return chart.Annotations[OverridesAnnotation], true
}

// newestBelow is the newest version of an addon in the bundles that are loaded so far, of one line of charts if that is named.
func (c *Catalogue) newestBelow(addon, line string) string {
	newest := ""
	for _, minor := range c.Minors() {
		entry, ok := c.bundles[minor].Addons[addon]
		if !ok || line != "" && entry.Chart != line {
			continue
		}
		if v := versionText(entry.Version); newest == "" || older(newest, v) {
			newest = v
		}
	}
	return newest
}

// older compares versions; one that is none is no older than any.
func older(a, b string) bool {
	v, err := version.ParseGeneric(a)
	if err != nil {
		return false
	}
	w, err := version.ParseGeneric(b)
	return err == nil && v.LessThan(w)
}
