package fitout

import (
	"context"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/fitout-dev/fitout/pkg/render"
)

// existing refuses addons whose role somebody else has in the cluster. It is looked for when an addon comes new into the
// cluster: later, what stands beside it was put there by somebody who knew.
func (s *session) existing(ctx context.Context) ([]changeset.Refusal, error) {
	roles := map[string]bundle.Addon{}
	for _, a := range s.plan.Rendering.Addons {
		if !s.recorded(a.Role) && !slices.Contains(s.options.IgnoreExisting, a.Role) {
			roles[a.Role] = a.Addon
		}
	}
	if len(roles) == 0 || slices.Contains(s.options.IgnoreExisting, "all") {
		return nil, nil
	}
	observed, err := s.cluster.Providers(ctx)
	if err != nil {
		return nil, err
	}
	rendered := map[manifest.ID]bool{}
	for _, o := range s.plan.Rendering.Objects() {
		rendered[manifest.IDOf(o)] = true
	}
	var names []string
	for role := range roles {
		names = append(names, role)
	}
	rules := slices.DeleteFunc(slices.Clone(s.plan.Providers), func(p bundle.Provider) bool { return p.Addon != "" && p.Addon == roles[p.Role].Name })
	var refusals []changeset.Refusal
	for _, f := range provider.Find(rules, observed, names, func(o *manifest.Object) bool {
		return rendered[manifest.IDOf(o)] || o.GetLabels()[render.LabelManagedBy] == render.ManagedBy
	}) {
		refusals = append(refusals, refusalOf(f, roles[f.Role]))
	}
	return refusals, nil
}

// recorded reports whether an addon of a role is in the inventory.
func (s *session) recorded(role string) bool {
	if s.record == nil {
		return false
	}
	for name := range s.record.Addons {
		if s.plan.Roles[name] == role {
			return true
		}
	}
	return false
}

func refusalOf(f provider.Found, a bundle.Addon) changeset.Refusal {
	keep := fmt.Sprintf("addons.%s.enabled: false", a.Name)
	if field, ok := a.Field(); ok {
		keep = field + ": none"
	}
	return changeset.Refusal{
		Object: f.Object, Reason: fmt.Sprintf("%s is in the cluster already, and %s would be a second one", f.Name, a.Name),
		Remedy: fmt.Sprintf("keep it with %s in the cluster file, or remove it before you run this again; --ignore-existing %s installs %s beside it", keep, a.Role, a.Name),
	}
}
