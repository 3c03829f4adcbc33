package fitout

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Selection chooses among checks and probes, each by its name or by addon/name, where "cluster" stands for the cluster
// itself. Where Only is empty, all are chosen; Skip goes before Only.
type Selection struct {
	Only, Skip []string
}

// Has reports whether a check of an addon is chosen. With a probe that is made in pods, so is whether these run.
func (s Selection) Has(r check.Row) bool {
	named := func(list []string) bool { return slices.Contains(list, r.Check) || slices.Contains(list, r.Name()) }
	switch {
	case named(s.Skip):
		return false
	case r.Check == probes.ProbePods && slices.ContainsFunc(s.Only, probes.MadeInPods):
		return true
	}
	return len(s.Only) == 0 || named(s.Only)
}

// Rows returns the rows that are chosen.
func (s Selection) Rows(rows []check.Row) []check.Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r check.Row) bool { return !s.Has(r) })
}

// Probes returns the addons with those of their probes that are chosen.
func (s Selection) Probes(addons []render.Addon) []render.Addon {
	addons = slices.Clone(addons)
	for i, a := range addons {
		addons[i].Probes = slices.DeleteFunc(slices.Clone(a.Probes), func(p bundle.Probe) bool {
			return !s.Has(check.Row{Addon: a.Name, Check: p.Name})
		})
	}
	return addons
}

// AllChecks lists everything that can be checked of the addons: rows with a name and no verdict yet.
func AllChecks(addons []render.Addon) []check.Row {
	rows := []check.Row{{Check: check.Nodes}, {Check: probes.ProbePods}}
	for _, a := range addons {
		for _, name := range check.NamesOf(a) {
			rows = append(rows, check.Row{Addon: a.Name, Check: name})
		}
		for _, p := range a.Probes {
			rows = append(rows, check.Row{Addon: a.Name, Check: p.Name})
		}
	}
	return rows
}

// Skipped names those of everything that can be checked that are not chosen.
func (s Selection) Skipped(all []check.Row) []string {
	var skipped []string
	for _, r := range all {
		if !s.Has(r) {
			skipped = append(skipped, r.Name())
		}
	}
	return skipped
}

// Validate refuses every name that is none of what can be checked, with the nearest, and a selection that leaves nothing
// to check.
func (s Selection) Validate(all []check.Row) error {
	var names []string
	for _, r := range all {
		names = append(names, r.Check, r.Name())
	}
	var errs []error
	for _, list := range []struct {
		flag  string
		names []string
	}{{"--only", s.Only}, {"--skip", s.Skip}} {
		for _, name := range list.names {
			if !slices.Contains(names, name) {
				errs = append(errs, fmt.Errorf("%s: %q is no check or probe of this cluster; %s", list.flag, name, nearest(name, names)))
			}
		}
	}
	if len(errs) == 0 && len(s.Skipped(all)) == len(all) {
		errs = append(errs, errors.New("--skip leaves nothing to check; skip less"))
	}
	return errors.Join(errs...)
}

func nearest(name string, names []string) string {
	if near := strictyaml.Nearest(name, names); near != "" {
		return "did you mean " + near + "?"
	}
	return "fitout check -o json lists them"
}
