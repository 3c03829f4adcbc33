package fitout

import (
	"context"

	"github.com/fitout-dev/fitout/pkg/adoption"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// lost says what of a live object of another installer adopting it would take away.
func (p *Plan) lost() func(addon string, wanted, live *manifest.Object) []string {
	edits := map[string][]bundle.Edit{}
	for _, a := range p.Rendering.Addons {
		edits[a.Name] = a.Edits
	}
	return func(addon string, wanted, live *manifest.Object) []string {
		return adoption.Lost(edits[addon], wanted, live)
	}
}

// Adoptable returns the plan's cluster file with the settings of other installers that can be carried over, as nested maps, and the
// number of their objects that the plan would adopt. Addons whose job others do under names of their own are left out in it.
func Adoptable(ctx context.Context, cluster Cluster, p *Plan) (file map[string]any, objects int, err error) {
	live, err := cluster.Live(ctx, p.Kinds, p.Rendering.Objects(), func(manifest.ID) bool { return true })
	if err != nil {
		return nil, 0, err
	}
	foreign := map[manifest.ID]*manifest.Object{}
	for id, o := range live {
		if fieldowner.Installer(o) != "" {
			foreign[id] = o
		}
	}
	var addons []adoption.Addon
	for _, a := range p.Rendering.Addons {
		addons = append(addons, adoption.Addon{Carries: a.Carries, Objects: a.Objects})
	}
	if file, err = p.file.Stated(); err != nil {
		return nil, 0, err
	}
	adoption.Carry(addons, foreign, file)
	others, err := existing(ctx, cluster, p, func(string) bool { return true })
	if err != nil {
		return nil, 0, err
	}
	for _, other := range others {
		if other.Keep == "" {
			field, value := other.leftOut()
			adoption.LeaveOut(file, field, value)
		}
	}
	file["apiVersion"], file["kind"] = clusterfile.APIVersion, clusterfile.Kind
	return file, len(foreign), nil
}
