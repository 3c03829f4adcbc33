package check

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Selection chooses among checks and probes, each by its name or by addon/name, where "cluster" stands for the cluster
// itself. Where Only is empty, all are chosen; Skip goes before Only.
type Selection struct {
	Only, Skip []string
}

// Subject is what a row is about: an addon, or the cluster.
func (r Row) Subject() string {
	if r.Addon == "" {
		return "cluster"
	}
	return r.Addon
}

// Name names a row among those of a run: coredns/dns-service.
func (r Row) Name() string { return r.Subject() + "/" + r.Check }

// Has reports whether a check of an addon is chosen. With a probe that is made in pods, so is whether these run.
func (s Selection) Has(r Row) bool {
	named := func(list []string) bool { return slices.Contains(list, r.Check) || slices.Contains(list, r.Name()) }
	switch {
	case named(s.Skip):
		return false
	case r.Check == ProbePods && slices.ContainsFunc(s.Only, MadeInPods):
		return true
	}
	return len(s.Only) == 0 || named(s.Only)
}

// MadeInPods reports whether a name, alone or with that of an addon, is of a probe that is made in pods.
func MadeInPods(name string) bool {
	name = name[strings.LastIndex(name, "/")+1:]
	return inPods[name] != nil || name == StorageClaim
}

// Rows returns the rows that are chosen.
func (s Selection) Rows(rows []Row) []Row {
	return slices.DeleteFunc(slices.Clone(rows), func(r Row) bool { return !s.Has(r) })
}

// Probes returns the addons with those of their probes that are chosen.
func (s Selection) Probes(addons []render.Addon) []render.Addon {
	addons = slices.Clone(addons)
	for i, a := range addons {
		addons[i].Probes = slices.DeleteFunc(slices.Clone(a.Probes), func(p bundle.Probe) bool {
			return !s.Has(Row{Addon: a.Name, Check: p.Name})
		})
	}
	return addons
}

// NeedsPods reports whether a probe of the addons is made in pods.
func NeedsPods(addons []render.Addon) bool {
	return slices.ContainsFunc(addons, func(a render.Addon) bool {
		return slices.ContainsFunc(a.Probes, func(p bundle.Probe) bool { return MadeInPods(p.Name) })
	})
}

// AllChecks lists everything that can be checked of the addons: rows with a name and no verdict yet.
func AllChecks(addons []render.Addon) []Row {
	rows := []Row{{Check: Nodes}, {Check: ProbePods}}
	for _, a := range addons {
		for _, name := range NamesOf(a) {
			rows = append(rows, Row{Addon: a.Name, Check: name})
		}
		for _, p := range a.Probes {
			rows = append(rows, Row{Addon: a.Name, Check: p.Name})
		}
	}
	return rows
}

// NamesOf names the checks of an addon that Judge may have a row for.
func NamesOf(a render.Addon) []string {
	any := func(is func(o *manifest.Object) bool) bool { return slices.ContainsFunc(a.Objects, is) }
	names := []string{Present, Unchanged}
	for _, c := range []struct {
		name string
		has  bool
	}{
		{Accounts, any(func(o *manifest.Object) bool { _, has := accountOf(o); return has })},
		{Ready, any(func(o *manifest.Object) bool { return gated[o.GetKind()] != nil && o.GetKind() != "APIService" })},
		{Restarts, any(func(o *manifest.Object) bool { return podsBy(o) != nil })},
		{Definitions, len(a.Created) > 0},
		{API, any(func(o *manifest.Object) bool { return o.GetKind() == "APIService" })},
		{HostPorts, len(a.Checks.HostPorts) > 0},
		{StorageClass, a.Checks.DefaultStorageClass},
	} {
		if c.has {
			names = append(names, c.name)
		}
	}
	return names
}

// Skipped names those of everything that can be checked that are not chosen.
func (s Selection) Skipped(all []Row) []string {
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
func (s Selection) Validate(all []Row) error {
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
