package changeset

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A Deviation is what somebody else has done to an object after its change was decided and before it was made.
type Deviation string

// The deviations.
const (
	AsDecided   Deviation = ""
	Appeared    Deviation = "appeared"    // it was to be created, and was there
	Disappeared Deviation = "disappeared" // it was to be changed or removed, and was gone
	Replaced    Deviation = "replaced"    // another object of the same name stood there
	Edited      Deviation = "edited"      // somebody had changed it
	Occupied    Deviation = "occupied"    // somebody had put something into it
)

// Deviations lists all deviations.
var Deviations = []Deviation{Appeared, Disappeared, Replaced, Edited, Occupied}

// Deviated compares a change of a wanted object with what the API server answered to it: the object after it, with its managed
// fields, and whether the request has created it. by says who it was, as far as the server keeps account of that.
func (c Change) Deviated(after *manifest.Object, created bool) (d Deviation, by string) {
	switch {
	case c.Action == Create && !created:
		return Appeared, ""
	case c.Action == Create, created && (c.Action == Recreate || c.Live.GetDeletionTimestamp() != nil):
		return AsDecided, ""
	case created:
		return Disappeared, ""
	case after.GetUID() != c.UID():
		return Replaced, ""
	}
	if names := fieldowner.Since(c.Live, after); len(names) > 0 {
		return Edited, strings.Join(names, ", ")
	}
	return AsDecided, ""
}

// Told says of an object what somebody has done to it.
func (d Deviation) Told(id manifest.ID, by string) string {
	if by == "" {
		by = "somebody"
	}
	what := map[Deviation]string{
		Appeared: "created it", Disappeared: "deleted it", Replaced: "deleted it and created it again", Edited: "changed it", Occupied: "put something into it",
	}
	return id.String() + ": " + by + " has " + what[d] + " since the changes were decided"
}

// Again decides about a removal again, since the object is no longer as it was read: live is what it is now, nil if it is gone.
func (s *Set) Again(c Change, live *manifest.Object) (Change, Deviation) {
	switch {
	case live == nil:
		c.Live, c.Reason = nil, "gone already"
		return c, Disappeared
	case live.GetUID() != c.UID():
		c.Live, c.Action, c.Reason, c.Recorded = live, Keep, recreated, false
		return c, Replaced
	}
	again := s.decider.removalOf(c.Entry, live)
	if again.Action == Keep {
		return again, Edited
	}
	return again, AsDecided // a controller has written its status, for one
}
