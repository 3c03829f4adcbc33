package fitout

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A RefusedError says why a run was refused before anything was touched.
type RefusedError struct{ Reasons []string }

func (e *RefusedError) Error() string {
	return "refused, nothing was touched: " + strings.Join(e.Reasons, "\n")
}

// foresee finds the changes that the API server would refuse, since a field cannot be changed. Where the addon says that
// it is safe, or the user says so, the object is recreated; otherwise the run is refused.
func (s *session) foresee() error {
	safe := map[manifest.ID]bool{}
	for _, a := range s.plan.Rendering.Addons {
		for _, o := range a.Objects {
			safe[manifest.IDOf(o)] = slices.Contains(a.Recreate, o.GetKind())
		}
	}
	var reasons []string
	for _, o := range s.plan.Rendering.Objects() {
		id := manifest.IDOf(o)
		live := s.known.Live[id]
		if live == nil {
			continue
		}
		fixed := check.Immutable(s.plan.Cluster.Minor(), o, live)
		switch {
		case len(fixed) == 0:
		case safe[id] || s.options.Recreate.Has(id):
			s.known.Recreate[id] = true
		default:
			s.known.Recreate[id] = s.options.DryRun
			reasons = append(reasons, fmt.Sprintf("%s: %s, and the API server does not change this field; if nothing depends on the object, --recreate %s/%s deletes it and creates it anew",
				id, fixed[0], id.Kind, id.Name))
		}
	}
	if len(reasons) == 0 {
		return nil
	}
	refused := &RefusedError{Reasons: reasons}
	if s.options.DryRun { // which goes on to show what else there is
		s.refused = refused
		return nil
	}
	return refused
}

// adopt marks what other tools installed for being taken over, and says from whom; without --adopt, what they have set
// otherwise is refused, as long as no policy says what to do about it.
func (s *session) adopt() error {
	differs := false
	var found []string
	for _, o := range inventory.Foreign(s.known.Live) {
		found = append(found, o.String())
		if s.options.Adopt {
			s.known.Adopt[o.ID] = true
			s.progress.Note("adopting " + o.String())
		}
	}
	for _, o := range s.plan.Rendering.Objects() {
		live := s.known.Live[manifest.IDOf(o)]
		if live != nil && !inventory.Owned(live) && s.known.Conflicts.Of(o.GetLabels()[render.LabelAddon]) == inventory.Fail {
			differs = differs || slices.ContainsFunc(check.Differences(o, live), func(d check.Difference) bool {
				return d.Got != nil && !strings.HasPrefix(d.Path, "metadata.")
			})
		}
	}
	if s.options.Adopt || s.options.DryRun || !differs {
		return nil
	}
	return &RefusedError{Reasons: append(found, "run again with --adopt to take these objects over, with --conflicts keep to leave the fields that they have otherwise, or disable the addon")}
}
