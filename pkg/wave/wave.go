// Package wave orders rendered objects: what is applied together, and what only once that is ready. The order follows
// from the kinds of the objects and from what addons provide and require; nothing here knows an addon by name.
package wave

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A Wave is a set of objects that are applied together. The next wave starts once all of them are ready: that is the
// wave's gate.
type Wave struct {
	Name    string
	Objects []*manifest.Object
	// Backs are the Services that the next wave registers with the API server: the gate waits until each has a ready pod.
	Backs []*manifest.Object
	// Creates are the definitions that controllers among the objects create: the gate waits until they are established.
	Creates []*manifest.Object
}

// The waves that come first, whatever the addons are.
const (
	Namespaces    = "namespaces"
	Definitions   = "definitions"   // CRDs
	Configuration = "configuration" // accounts, RBAC, configuration, Services, classes
)

// Plan orders a rendering into waves: namespaces, definitions, configuration, then the workloads of the addons level by
// level (an addon's level is one above that of what provides its requirements), each level followed by the objects of the
// kinds that its controllers define, and by what registers its addons with the API server. Waves without objects are left
// out. external are capabilities that are there already.
func Plan(r *render.Rendering, external []string) ([]Wave, error) {
	levels, err := levelsOf(r.Addons, external)
	if err != nil {
		return nil, err
	}
	late := kindsOf(r.Created())
	early := func(belongs func(kind string) bool) func(*manifest.Object) bool {
		return func(o *manifest.Object) bool { return belongs(o.GetKind()) && !late[manifest.GroupKindOf(o)] }
	}
	waves := []Wave{
		{Name: Namespaces, Objects: pick(r.Addons, early(isNamespace))},
		{Name: Definitions, Objects: pick(r.Addons, early(isDefinition))},
		{Name: Configuration, Objects: pick(r.Addons, early(isConfiguration))},
	}
	required := requiredBy(r.Addons)
	for _, level := range levels {
		name, registrations, created := levelName(level, required), pick(level, early(isRegistration)), createdBy(level)
		defined := kindsOf(created)
		waves = append(waves,
			Wave{Name: name, Objects: pick(level, early(isWorkload)), Backs: backing(r.Addons, registrations), Creates: created},
			Wave{Name: name + " resources", Objects: pick(r.Addons, func(o *manifest.Object) bool { return defined[manifest.GroupKindOf(o)] })},
			Wave{Name: name + " registration", Objects: registrations})
	}
	return slices.DeleteFunc(waves, func(w Wave) bool { return len(w.Objects) == 0 }), nil
}

func requiredBy(addons []render.Addon) map[string]bool {
	required := map[string]bool{}
	for _, a := range addons {
		for _, capability := range a.Requires {
			required[capability] = true
		}
	}
	return required
}

// levelName names a level by what it provides to others: network+services, dns; a level that others do not wait for is
// addons.
func levelName(level []render.Addon, required map[string]bool) string {
	var provided []string
	for _, a := range level {
		for _, capability := range a.Provides {
			if required[capability] {
				provided = append(provided, capability)
			}
		}
	}
	slices.Sort(provided)
	if provided = slices.Compact(provided); len(provided) == 0 {
		return "addons"
	}
	return strings.Join(provided, "+")
}

func createdBy(addons []render.Addon) []*manifest.Object {
	return (&render.Rendering{Addons: addons}).Created()
}

// kindsOf returns the kinds that definitions define.
func kindsOf(definitions []*manifest.Object) map[schema.GroupKind]bool {
	defined := map[schema.GroupKind]bool{}
	for _, o := range definitions {
		defined[manifest.Defines(o)] = true
	}
	return defined
}

func pick(addons []render.Addon, belongs func(*manifest.Object) bool) []*manifest.Object {
	var out []*manifest.Object
	for _, a := range addons {
		for _, o := range a.Objects {
			if belongs(o) {
				out = append(out, o)
			}
		}
	}
	return out
}

func isNamespace(kind string) bool  { return kind == "Namespace" }
func isDefinition(kind string) bool { return kind == "CustomResourceDefinition" }

func isWorkload(kind string) bool { return manifest.PodSpecPath(kind) != nil }

// isRegistration tells the kinds by which an addon takes part in serving the API: applied before its pods run, they
// would break discovery or refuse writes.
func isRegistration(kind string) bool {
	switch kind {
	case "APIService", "ValidatingWebhookConfiguration", "MutatingWebhookConfiguration":
		return true
	}
	return false
}

func isConfiguration(kind string) bool {
	return !isNamespace(kind) && !isDefinition(kind) && !isWorkload(kind) && !isRegistration(kind)
}
