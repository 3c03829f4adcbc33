package golden

import (
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// Effect says in one line what the change does to a cluster that has the rendering before it, as fitout upgrade plan would.
func (c AddonChange) Effect() string {
	plan, err := fitout.PlanUpgrade(c.plan(c.Before, c.After), c.plan(c.After, c.Before), fitout.UpgradeOptions{}, 0)
	if err != nil {
		return "its effect cannot be told: " + err.Error()
	}
	return plan.Summary
}

// plan is that of a cluster that gets this addon alone, or nothing, beside the other side of a change.
func (c AddonChange) plan(side, other *Rendering) *fitout.Plan {
	if side == nil {
		side = &Rendering{Kubernetes: other.Kubernetes, Bundle: other.Bundle}
	}
	p := &fitout.Plan{
		Cluster:   clusterfile.Cluster{KubernetesVersion: side.Kubernetes},
		Rendering: &render.Rendering{Bundle: side.Bundle},
		Waves:     []wave.Wave{{Name: c.Name, Objects: side.Objects}},
		Kinds:     manifest.KindsOf(side.Objects),
		Addons:    c.known,
	}
	if side.Version != "" {
		p.Rendering.Addons = []render.Addon{{Addon: c.known[c.Name], Version: side.Version, Objects: side.Objects}}
	}
	return p
}
