package fitout

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// Rollback applies what the cluster was fitted out with before, as it was applied then, whatever this Fitout renders for that
// version. Rolling back twice is rolling forward.
func Rollback(ctx context.Context, cluster Cluster, o ApplyOptions, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	p, err := previous(ctx, cluster)
	if err != nil {
		return nil, err
	}
	r := p.report()
	r.DryRun = o.DryRun
	progress.Planned(p)
	o.IgnoreExisting = []string{"all"}
	s := &session{cluster: cluster, plan: p, options: o, progress: progress, report: r, outages: &observed.Outages{}, upgrading: true}
	s.judge = func(context.Context) error {
		progress.Note(fmt.Sprintf("back to %s of %s: %s", p.Rendering.Bundle, p.Cluster.KubernetesVersion, s.changes.Summary()))
		return nil
	}
	if err = s.run(ctx); err == nil && !o.DryRun {
		err = s.healthy(ctx)
	}
	showChanges(r, err)
	return r, concluded(r, err)
}

// previous is a plan of what the cluster was fitted out with before.
func previous(ctx context.Context, cluster Cluster) (*Plan, error) {
	record, err := cluster.Inventory(ctx)
	switch {
	case err != nil:
		return nil, err
	case record == nil:
		return nil, errNotFittedOut
	case record.Previous == nil:
		return nil, fmt.Errorf("the inventory knows nothing before %s (%s): there is nothing to go back to", record.Target.Bundle, record.Target.Kubernetes)
	}
	for _, slot := range inventory.Slots {
		r, err := cluster.Rendering(ctx, slot)
		if err != nil {
			return nil, err
		}
		if r != nil && r.Target == *record.Previous {
			return planOfRendering(ctx, cluster, r)
		}
	}
	return nil, fmt.Errorf("what the cluster had before (bundle %s for %s) is not kept in it; apply it with the cluster file and the Fitout of then", record.Previous.Bundle, record.Previous.Kubernetes)
}

// planOfRendering is the plan that a rendering was applied by. The error says which objects the API server does not serve.
func planOfRendering(ctx context.Context, cluster Cluster, r *inventory.Rendering) (*Plan, error) {
	p := &Plan{Cluster: clusterfile.Cluster{KubernetesVersion: r.Target.Kubernetes}, Rendering: &render.Rendering{Bundle: r.Target.Bundle, Digest: r.Target.Digest}, Roles: map[string]string{}}
	for _, a := range r.Addons {
		p.Roles[a.Name] = a.Role
		p.Rendering.Addons = append(p.Rendering.Addons, render.Addon{
			Addon:   bundle.Addon{Name: a.Name, Role: a.Role, Provides: a.Provides, Requires: a.Requires, Recreate: a.Recreate},
			Version: a.Version, Digest: a.Digest, Objects: a.Objects, Created: a.Created,
		})
	}
	var err error
	p.Kinds = p.Rendering.Kinds()
	if p.Waves, err = wave.Plan(p.Rendering, r.External); err != nil {
		return nil, err
	}
	facts, err := cluster.Facts(ctx)
	if err != nil {
		return nil, err
	}
	return p, served(p, facts.KubernetesVersion)
}

// served refuses objects in versions that API servers of a version do not serve, as far as that is known.
func served(p *Plan, kubernetes string) error {
	v, err := clusterfile.ParseVersion(kubernetes)
	if err != nil {
		return nil
	}
	api, err := kubeapi.Load(v.Minor())
	if err != nil {
		return nil // no bundle of this Fitout is of that minor; the preflight says what is not served
	}
	var errs []error
	for _, o := range p.Rendering.Objects() {
		gvk := o.GroupVersionKind()
		if manifest.BuiltInGroup(gvk.Group) && !slices.Contains(api.Versions(gvk.GroupKind()), gvk.Version) {
			errs = append(errs, fmt.Errorf("%s is of %s, which the API server %s does not serve; the control plane has to go back first", manifest.IDOf(o), gvk.GroupVersion(), kubernetes))
		}
	}
	return errors.Join(errs...)
}

// keep keeps what was applied beside the inventory, in the slot that does not have what the cluster had before. That it cannot be
// kept is no reason to fail: everything is applied.
func (s *session) keep(ctx context.Context) {
	free := inventory.Slots[0]
	for _, slot := range inventory.Slots {
		r, err := s.cluster.Rendering(ctx, slot)
		switch {
		case err != nil:
			s.progress.Note(fmt.Sprintf("what was applied is not kept for fitout rollback: %v", err))
			return
		case r != nil && r.Target == s.target.Target:
			return
		case r == nil || s.record.Previous == nil || r.Target != *s.record.Previous:
			free = slot
		}
	}
	if err := s.cluster.StoreRendering(ctx, free, s.rendering()); err != nil {
		s.progress.Note(fmt.Sprintf("what was applied is not kept for fitout rollback: %v", err))
	}
}

// rendering is what the session has applied.
func (s *session) rendering() *inventory.Rendering {
	r := &inventory.Rendering{Target: s.target.Target, External: s.plan.External}
	applied := map[manifest.ID]*manifest.Object{}
	for _, w := range s.waves {
		for _, o := range w.Objects {
			applied[manifest.IDOf(o)] = o
		}
	}
	for _, a := range s.plan.Rendering.Addons {
		kept := inventory.RenderedAddon{Name: a.Name, Role: a.Role, Version: a.Version, Digest: a.Digest, Provides: a.Provides, Requires: a.Requires, Recreate: a.Recreate, Created: a.Created}
		for _, o := range a.Objects {
			if of := applied[manifest.IDOf(o)]; of != nil {
				o = of
			}
			kept.Objects = append(kept.Objects, o)
		}
		r.Addons = append(r.Addons, kept)
	}
	return r
}
