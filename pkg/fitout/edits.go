package fitout

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/localedit"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// edits are those that addons declare, by addon.
func (p *Plan) edits() map[string][]bundle.Edit {
	edits := map[string][]bundle.Edit{}
	for _, a := range p.Rendering.Addons {
		edits[a.Name] = a.Edits
	}
	return edits
}

// keepEdits puts into the objects what the live ones have of their own and an addon declares to be kept.
func (s *session) keepEdits() {
	edits := s.plan.edits()
	s.faults = nil
	s.waves = make([]wave.Wave, len(s.plan.Waves))
	for i, w := range s.plan.Waves {
		s.waves[i] = w
		s.waves[i].Objects = slices.Clone(w.Objects)
		for j, o := range w.Objects {
			live := s.live[manifest.IDOf(o)]
			if live == nil {
				continue
			}
			merged, kept, err := localedit.Merge(edits[o.GetLabels()[render.LabelAddon]], o, live)
			if err != nil {
				s.faults = append(s.faults, changeset.Refusal{Object: manifest.IDOf(o), Reason: err.Error()})
				continue
			}
			s.waves[i].Objects[j] = merged
			for _, what := range kept {
				s.progress.Note(fmt.Sprintf("kept in %s: %s", manifest.IDOf(o), what))
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
func (p *Plan) judgedWith(live map[manifest.ID]*manifest.Object) []render.Addon {
	judged := p.judged()
	for i, a := range judged {
		if len(a.Edits) == 0 {
			continue
		}
		judged[i].Objects = slices.Clone(a.Objects)
		for j, o := range a.Objects {
			// What cannot be merged is judged as rendered, and found to be another.
			if merged, _, err := localedit.Merge(a.Edits, o, live[manifest.IDOf(o)]); err == nil {
				judged[i].Objects[j] = merged
			}
		}
	}
	return judged
}
