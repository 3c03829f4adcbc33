package fitout

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/fitout-dev/fitout/pkg/render"
)

// existing refuses addons whose role somebody else has in the cluster. It is looked for when an addon comes new into the
// cluster: later, what stands beside it was put there by somebody who knew.
func (s *session) existing(ctx context.Context) ([]changeset.Refusal, error) {
	if slices.Contains(s.options.IgnoreExisting, "all") {
		return nil, nil
	}
	found, err := existing(ctx, s.cluster, s.plan, func(role string) bool { return !s.recorded(role) && !slices.Contains(s.options.IgnoreExisting, role) })
	var refusals []changeset.Refusal
	for _, f := range found {
		refusals = append(refusals, f.refusal())
	}
	return refusals, err
}

// An existingProvider is a provider of others, and the addon that the plan has for the same.
type existingProvider struct {
	provider.Found
	addon bundle.Addon
}

// existing looks in a cluster for others' providers of those of the plan's roles that are asked for.
func existing(ctx context.Context, cluster Cluster, p *Plan, asked func(role string) bool) ([]existingProvider, error) {
	addons, wanted, rendered := map[string]bundle.Addon{}, map[string]provider.Wanted{}, map[manifest.ID]bool{}
	for _, a := range p.Rendering.Addons {
		for _, o := range a.Objects {
			rendered[manifest.IDOf(o)] = true
		}
		if asked(a.Role) {
			addons[a.Role], wanted[a.Role] = a.Addon, wantedOf(a)
		}
	}
	if len(wanted) == 0 {
		return nil, nil
	}
	rules := slices.DeleteFunc(slices.Clone(p.Providers), func(r bundle.Provider) bool {
		_, is := wanted[r.Role]
		return !is || r.Addon != "" && r.Addon == addons[r.Role].Name
	})
	observed, err := cluster.Providers(ctx, func(o provider.Observed) []provider.Source { return provider.Sources(rules, o) })
	if err != nil {
		return nil, err
	}
	var found []existingProvider
	for _, f := range provider.Find(rules, observed, wanted, func(o *manifest.Object) bool {
		return rendered[manifest.IDOf(o)] || o.GetLabels()[render.LabelManagedBy] == render.ManagedBy
	}) {
		found = append(found, existingProvider{f, addons[f.Role]})
	}
	return found, nil
}

// wantedOf is what an addon brings that others may have already.
func wantedOf(a render.Addon) provider.Wanted {
	var w provider.Wanted
	for _, o := range a.Objects {
		switch o.GetKind() {
		case "Service":
			w.Addresses = append(w.Addresses, provider.Addresses(o)...)
		case "StorageClass":
			w.DefaultClass = w.DefaultClass || manifest.IsDefaultClass(o)
		}
	}
	return w
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

func (e existingProvider) refusal() changeset.Refusal {
	field, value := e.leftOut()
	keep := cmp.Or(e.Keep, fmt.Sprintf("keep it with %s: %v in the cluster file, or remove it before you run this again", field, value))
	problem := cmp.Or(e.Problem, fmt.Sprintf("is in the cluster already, and %s would be a second one", e.addon.Name))
	return changeset.Refusal{
		Object: e.Object, Reason: e.Name + " " + problem,
		Remedy: fmt.Sprintf("%s; --ignore-existing %s installs %s beside it", keep, e.addon.Role, e.addon.Name),
	}
}

// leftOut is the field of the cluster file, with its value, that leaves the addon out.
func (e existingProvider) leftOut() (field string, value any) {
	if field, ok := e.addon.Field(); ok {
		return field, clusterfile.None
	}
	return fmt.Sprintf("addons.%s.enabled", e.addon.Name), false
}
