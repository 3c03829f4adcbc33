package bundle

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/image"
)

// verify checks what no single file can tell: entries against addons and charts, addons against each other, and what the
// formats cannot say.
func (c *Catalogue) verify() []error {
	var errs []error
	for _, name := range c.Names() {
		errs = append(errs, c.locateAll(c.addonFile(name), append(c.addons[name].verify(), c.verifyRole(c.addons[name])...))...)
	}
	for _, minor := range c.Minors() {
		b := c.bundles[minor]
		if v, err := clusterfile.ParseVersion(b.TestedVersion); err != nil || v.Minor() != minor || v.Patch < 0 {
			errs = append(errs, c.locate(c.bundleFile(minor, "testedVersion"), place{"testedVersion", fmt.Errorf("is %q; it must be a version of %s", b.TestedVersion, minor)}))
		}
		errs = append(errs, c.locateAll(c.bundleFile(minor, "budget"), verifyBudget(b.Budget))...)
		for i, n := range b.Nodes {
			if p := n.verify(); p != nil {
				errs = append(errs, c.locate(c.bundleFile(minor, "nodes"), place{fmt.Sprintf("nodes[%d].%s", i, p.field), p.error}))
			}
		}
		for i, n := range b.NodeImages {
			if _, err := image.Parse(n.Image); err != nil {
				errs = append(errs, c.locate(c.bundleFile(minor, "nodeImages"), place{fmt.Sprintf("nodeImages[%d].image", i), err}))
			}
		}
		for _, p := range c.verifyDefaults(b) {
			errs = append(errs, c.locate(c.bundleFile(minor, p.field), p))
		}
		for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
			errs = append(errs, c.locateAll(c.bundleFile(minor, name), c.verifyEntry(minor, name, b.Addons[name]))...)
		}
		errs = append(errs, c.verifyCycles(b)...)
	}
	return errs
}

// verify checks an addon by itself.
func (a Addon) verify() []place {
	wrong := a.verifyChoice()
	add := func(at string, p *place) {
		if p != nil {
			wrong = append(wrong, place{at + "." + p.field, p.error})
		}
	}
	for i, s := range a.Lifecycle.Support {
		if _, _, err := s.Range(); err != nil {
			add(fmt.Sprintf("lifecycle.support[%d]", i), &place{"kubernetes", err})
		}
	}
	for i, d := range a.Creates {
		add(fmt.Sprintf("creates[%d]", i), d.verify())
	}
	for i, e := range a.Edits {
		add(fmt.Sprintf("edits[%d]", i), e.verify())
	}
	for i, carry := range a.Carries {
		add(fmt.Sprintf("carries[%d]", i), carry.verify())
	}
	for i, p := range a.Probes {
		if p.Agent != nil {
			add(fmt.Sprintf("probes[%d]", i), p.Agent.verify())
		}
	}
	for _, p := range a.Upgrade.verify() {
		add("upgrade", &p)
	}
	return wrong
}

// versionPattern is that of semantic versions, of which the minor and the patch may be left out. It is fit for a label.
var versionPattern = regexp.MustCompile(`^[0-9]{1,5}(\.[0-9]{1,5}){0,2}(-[0-9A-Za-z.-]{1,30}[0-9A-Za-z])?$`)

// partPattern is that of the name of an entry in an addon's folder.
var partPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$`)

// verifyBudget checks the quantities of a budget; a bundle without one has none.
func verifyBudget(b Budget) []place {
	if b == (Budget{}) {
		return nil
	}
	var wrong []place
	for _, given := range []struct{ field, quantity string }{
		{"node.cpu", b.Node.CPU}, {"node.memory", b.Node.Memory}, {"cluster.cpu", b.Cluster.CPU}, {"cluster.memory", b.Cluster.Memory},
	} {
		if q, err := clusterfile.ParseQuantity(given.quantity); err != nil || q.Sign() < 0 {
			wrong = append(wrong, place{"budget." + given.field, fmt.Errorf("is %q; give a quantity such as 500m or 200Mi", given.quantity)})
		}
	}
	return wrong
}

func (c *Catalogue) verifyEntry(minor, name string, e Entry) []place {
	at := "addons." + name
	addon, ok := c.addons[name]
	if c.broken[name] {
		return nil
	}
	if !ok {
		return []place{{at, fmt.Errorf("names an addon of which there is no addons/%s/addon.yaml; write it, or remove the entry", name)}}
	}
	var wrong []place
	if addon.Lifecycle.Level(minor) == Refused {
		wrong = append(wrong, place{at, fmt.Errorf("is an addon whose lifecycle does not support %s; add the minor to lifecycle.support, or remove the entry", minor)})
	}
	for i, edit := range addon.Edits {
		if edit.Table != nil && !edit.Table.Covers(e.Version) {
			wrong = append(wrong, place{at + ".version", fmt.Errorf("is %s; %s/%s, which edits[%d] names, is of %s to %s: bring it up to date", e.Version, name, edit.Plugins, i, edit.Table.First, edit.Table.Last)})
		}
	}
	if !strings.Contains(e.Version, "{{") && !versionPattern.MatchString(e.Version) {
		wrong = append(wrong, place{at + ".version", fmt.Errorf("is %q; give an exact version such as 1.14.2", e.Version)})
	}
	return append(wrong, c.verifyForm(name, e)...)
}
