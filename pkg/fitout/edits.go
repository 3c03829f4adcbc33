package fitout

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// editings has the editing of each addon, by its name.
func (p *Plan) editings(cluster Cluster, policies changeset.Policies) map[string]editing {
	all := map[string]editing{}
	for _, a := range p.Rendering.Addons {
		all[a.Name] = editing{addon: a, policy: policies.Of(a.Name), serverSide: cluster.ServerSide()}
	}
	return all
}

// keepEdits puts into the objects what the live ones have of their own and an addon declares to be kept. What must not be
// kept, or cannot be told from the addon's own, is refused.
func (s *session) keepEdits() {
	editings := s.plan.editings(s.cluster, s.plan.conflicts(s.options.Policies.Conflicts))
	s.faults = nil
	s.waves = make([]wave.Wave, len(s.plan.Waves))
	for i, w := range s.plan.Waves {
		s.waves[i] = w
		s.waves[i].Objects = slices.Clone(w.Objects)
		for j, o := range w.Objects {
			merged := editings[o.GetLabels()[render.LabelAddon]].merge(o, s.live[manifest.IDOf(o)])
			s.waves[i].Objects[j] = merged.object
			for _, reason := range merged.refused {
				s.faults = append(s.faults, changeset.Refusal{Object: manifest.IDOf(o), Reason: reason})
			}
			for _, note := range merged.notes {
				s.progress.Note(note)
			}
		}
	}
}

// kept are the fields that others have set and that the policies leave to them.
func (p *Plan) kept(cluster Cluster, policies changeset.Policies, live map[manifest.ID]*manifest.Object) map[manifest.ID][]string {
	kept := map[manifest.ID][]string{}
	for _, a := range p.Rendering.Addons {
		if policies.Of(a.Name) != changeset.Leave {
			continue
		}
		for _, o := range a.Objects {
			if id := manifest.IDOf(o); live[id] != nil {
				kept[id] = fieldowner.Others(o, live[id], cluster.ServerSide())
			}
		}
	}
	return kept
}

// judgedWith are the addons as the check sees them, with what the live objects have of their own where that is to be kept.
func (p *Plan) judgedWith(cluster Cluster, policies changeset.Policies, live map[manifest.ID]*manifest.Object) []render.Addon {
	judged, editings := p.judged(), p.editings(cluster, policies)
	for i, a := range judged {
		judged[i].Objects = slices.Clone(a.Objects)
		for j, o := range a.Objects {
			// What cannot be merged is judged as rendered, and found to be another.
			judged[i].Objects[j] = editings[a.Name].merge(o, live[manifest.IDOf(o)]).object
		}
	}
	return judged
}
