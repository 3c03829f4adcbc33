package render

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// definitionAPIs are the versions of CustomResourceDefinitions, the one to prefer first.
var definitionAPIs = []string{"apiextensions.k8s.io/v1", "apiextensions.k8s.io/v1beta1"}

// expected returns the definitions that an addon's controllers create, as far as they are known: what they define, and
// where they are found. They are never applied, and have the label of the addon alone.
func expected(a bundle.Addon, served []string) []*manifest.Object {
	api := definitionAPIs[0]
	if !slices.Contains(served, api) {
		api = definitionAPIs[1]
	}
	var all []*manifest.Object
	for _, d := range a.Creates {
		plural, group := d.Names()
		all = append(all, &manifest.Object{Object: map[string]any{
			"apiVersion": api,
			"kind":       "CustomResourceDefinition",
			"metadata":   map[string]any{"name": d.Name, "labels": map[string]any{LabelAddon: a.Name}},
			"spec": map[string]any{
				"group": group, "scope": d.Scope,
				"names":    map[string]any{"kind": d.Kind, "plural": plural},
				"versions": []any{map[string]any{"name": d.Version, "served": true, "storage": true}},
			},
		}})
	}
	return all
}

// Created returns the definitions that controllers of the addons create.
func (r *Rendering) Created() []*manifest.Object {
	var all []*manifest.Object
	for _, a := range r.Addons {
		all = append(all, a.Created...)
	}
	return all
}

// Kinds returns the kinds of everything rendered, and those that controllers define.
func (r *Rendering) Kinds() manifest.Kinds {
	return manifest.KindsOf(append(r.Objects(), r.Created()...))
}

// Rendered tells objects that Fitout applies from those that it only looks for.
func Rendered(o *manifest.Object) bool { return o.GetLabels()[LabelManagedBy] == ManagedBy }
