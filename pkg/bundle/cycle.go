package bundle

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// verifyCycles reports addons of a bundle that wait for each other: none of them could be applied first. It is said at the first
// that is not embedded. Of addons that exclude each other none waits for the other.
func (c *Catalogue) verifyCycles(b Bundle) []error {
	var errs []error
	done := map[string]bool{}
	for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
		cycle := c.cycle(b, name, nil, done)
		if cycle == nil {
			continue
		}
		if i := slices.IndexFunc(cycle, c.added); i > 0 {
			cycle = slices.Concat(cycle[i:], cycle[:i])
		}
		errs = append(errs, c.locate(c.addonFile(cycle[0]), place{"requires",
			fmt.Errorf("makes a cycle in bundle %s: %s; remove one of the requirements", b.Kubernetes, strings.Join(append(cycle, cycle[0]), " waits for "))}))
	}
	return errs
}

// added reports whether an addon.yaml comes from beside the embedded catalogue.
func (c *Catalogue) added(name string) bool {
	p, err := c.from(name, "addon.yaml")
	return err == nil && p.source.Name != ""
}

// cycle returns the addons of a cycle that an addon leads to; path are those that led to it.
func (c *Catalogue) cycle(b Bundle, name string, path []string, done map[string]bool) []string {
	if i := slices.Index(path, name); i >= 0 {
		return path[i:]
	}
	if done[name] {
		return nil
	}
	done[name] = true
	for _, capability := range c.addons[name].Requires {
		for _, other := range slices.Sorted(maps.Keys(b.Addons)) {
			if !slices.Contains(c.addons[other].Provides, capability) || other != name && c.exclude(name, other) {
				continue
			}
			if found := c.cycle(b, other, append(slices.Clone(path), name), done); found != nil {
				return found
			}
		}
	}
	return nil
}

// exclude reports whether a cluster has one of two addons at the most.
func (c *Catalogue) exclude(one, other string) bool {
	a, b := c.addons[one], c.addons[other]
	return a.alone() && a.Role == b.Role
}
