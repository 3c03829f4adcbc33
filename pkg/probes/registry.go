package probes

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
)

// registry are all probes, by name. Each registers itself from its own file.
var registry = map[string]*Probe{}

func register(p Probe) *Probe {
	registry[p.Name] = &p
	return &p
}

// All returns the probes in the order of their names.
func All() []*Probe {
	var all []*Probe
	for _, name := range slices.Sorted(maps.Keys(registry)) {
		all = append(all, registry[name])
	}
	return all
}

// Rules are what addon.yaml may say of probes.
func Rules() bundle.ProbeRules {
	rules := bundle.ProbeRules{Kinds: map[string]bundle.ProbeKind{}, Formats: agent.Formats()}
	for _, p := range All() {
		rules.Kinds[p.Name] = bundle.ProbeKind{Fields: p.Fields, MostTimeout: cmp.Or(p.MostTimeout, time.Minute)}
	}
	return rules
}

// Watched names the probes that can be asked again and again while something else is done.
func Watched() []string {
	var names []string
	for _, p := range All() {
		if p.Watch {
			names = append(names, p.Name)
		}
	}
	return names
}

// MadeInPods reports whether a name, alone or with that of an addon, is of a probe that is made in pods.
func MadeInPods(name string) bool {
	p := registry[name[strings.LastIndex(name, "/")+1:]]
	return p != nil && (p.Where == InPods || p.Where == InClaimPods)
}

// NeedsPods reports whether a probe of the addons is made in pods.
func NeedsPods(addons []render.Addon) bool {
	return slices.ContainsFunc(addons, func(a render.Addon) bool {
		return slices.ContainsFunc(a.Probes, func(p bundle.Probe) bool { return MadeInPods(p.Name) })
	})
}

// SetUp adds to what a run brings into the cluster what the probes of the addons need there.
func SetUp(o *probe.Options, addons []render.Addon) {
	for _, a := range addons {
		for _, declared := range a.Probes {
			if p := registry[declared.Name]; p != nil && p.SetUp != nil {
				p.SetUp(o, declared)
			}
		}
	}
}
