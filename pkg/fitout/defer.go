package fitout

import (
	"context"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// deferUnservable returns the changes that the server can make now, and the outcome of the others. Objects whose kind a controller
// has not defined, such as before any node has joined, are left to a later run. In a dry run, those whose namespace or
// definition is still to be created would be refused for that; they count as created.
func (s *session) deferUnservable(ctx context.Context, planned []changeset.Change) (servable []changeset.Change, others []report.Change, err error) {
	var objects []*manifest.Object
	for _, c := range planned {
		objects = append(objects, c.Wanted)
	}
	undefined, err := s.undefined(ctx, objects)
	if err != nil {
		return nil, nil, err
	}
	missing := s.missing()
	for _, c := range planned {
		switch {
		case !s.options.DryRun && undefined[manifest.GroupKindOf(c.Wanted)]:
			others = append(others, report.Change{ID: c.ID, Action: report.Deferred, After: c.Wanted})
		case s.options.DryRun && (undefined[manifest.GroupKindOf(c.Wanted)] || missing.has(c.Wanted)):
			others = append(others, report.Change{ID: c.ID, Action: report.Created, After: c.Wanted})
		default:
			servable = append(servable, c)
		}
	}
	return servable, others, nil
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

// absent are the namespaces, and the groups of custom resources, that the run is still to create.
type absent struct{ namespaces, groups map[string]bool }

func (a absent) has(o *manifest.Object) bool {
	return a.namespaces[o.GetNamespace()] || a.groups[o.GroupVersionKind().Group]
}

func (s *session) missing() absent {
	a := absent{map[string]bool{}, map[string]bool{}}
	for _, o := range s.plan.Rendering.Objects() {
		if s.live[manifest.IDOf(o)] != nil {
			continue
		}
		switch o.GetKind() {
		case "Namespace":
			a.namespaces[o.GetName()] = true
		case "CustomResourceDefinition":
			_, group, _ := strings.Cut(o.GetName(), ".")
			a.groups[group] = true
		}
	}
	return a
}
