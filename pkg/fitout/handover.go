package fitout

import (
	"context"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
)

// handOver removes what holds ports of the nodes that changes are about to take.
func (s *session) handOver(ctx context.Context, changes []changeset.Change) ([]report.Change, error) {
	var removals []changeset.Change
	for _, h := range s.changes.Handovers(changes) {
		s.progress.Note(fmt.Sprintf("removing %s: %s", h.Removal.ID, h))
		removals = append(removals, h.Removal)
	}
	if len(removals) == 0 || s.options.DryRun {
		return nil, nil
	}
	done, err := s.cluster.Remove(ctx, s.changes, removals)
	done = decided(removals, done)
	s.handed = append(s.handed, done...)
	return done, err
}

// notHanded are the removals that are still to be made.
func (s *session) notHanded() []changeset.Change {
	return slices.DeleteFunc(slices.Clone(s.changes.Removals), func(r changeset.Change) bool { return s.isHanded(r.ID) })
}

// isHanded reports whether an object has been removed since it was in the way.
func (s *session) isHanded(id manifest.ID) bool {
	return slices.ContainsFunc(s.handed, func(c report.Change) bool { return c.ID == id })
}
