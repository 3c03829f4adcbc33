package fitout

import (
	"context"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// possible returns the objects that the server can take now, and what becomes of the others. Objects whose kind a
// controller has not defined, such as where no node has joined yet, are left to a later run. In a dry run, those whose
// namespace or definition is only about to be created would be refused for that; they are told as created.
func (s *session) possible(ctx context.Context, objects []*manifest.Object) (possible []*manifest.Object, others []report.Change, err error) {
	undefined, err := s.undefined(ctx, objects)
	if err != nil {
		return nil, nil, err
	}
	missing := s.missing()
	for _, o := range objects {
		change := report.Change{ID: manifest.IDOf(o), Action: report.Created, After: o}
		switch {
		case undefined[manifest.GroupKindOf(o)] && !s.options.DryRun:
			change.Action = report.Deferred
			others = append(others, change)
		case undefined[manifest.GroupKindOf(o)], missing[o.GetNamespace()], missing["group "+o.GroupVersionKind().Group]:
			others = append(others, change)
		default:
			possible = append(possible, o)
		}
	}
	return possible, others, nil
}

// undefined are the kinds of objects that a controller is to define and has not defined yet.
func (s *session) undefined(ctx context.Context, objects []*manifest.Object) (map[schema.GroupKind]bool, error) {
	created := slices.DeleteFunc(s.plan.Rendering.Created(), func(definition *manifest.Object) bool {
		return !slices.ContainsFunc(objects, func(o *manifest.Object) bool { return manifest.GroupKindOf(o) == manifest.Defines(definition) })
	})
	if len(created) == 0 {
		return nil, nil
	}
	snapshot, err := s.cluster.Observe(ctx, s.plan.Kinds, created)
	return check.Undefined(created, snapshot), err
}

// missing are the namespaces and the groups of definitions that a dry run does not create.
func (s *session) missing() map[string]bool {
	missing := map[string]bool{}
	if !s.options.DryRun {
		return missing
	}
	for _, o := range s.plan.Rendering.Objects() {
		if s.known.Live[manifest.IDOf(o)] != nil {
			continue
		}
		switch o.GetKind() {
		case "Namespace":
			missing[o.GetName()] = true
		case "CustomResourceDefinition":
			_, group, _ := strings.Cut(o.GetName(), ".")
			missing["group "+group] = true
		}
	}
	return missing
}
