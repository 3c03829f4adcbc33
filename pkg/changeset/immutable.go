package changeset

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

// immutable is about a field that the API server refuses to change: the object is created again where its addon says that
// this is safe, or where the user names it.
func immutable(d *decider, c *Change) {
	fixed := objectdiff.Immutable(d.Minor, c.Wanted, c.Live)
	if c.Policy == Leave {
		fixed = slices.DeleteFunc(fixed, func(f objectdiff.Difference) bool {
			return slices.ContainsFunc(c.Conflicts, func(conflict fieldowner.Conflict) bool { return conflict.Field == f.Path })
		})
	}
	if len(fixed) == 0 {
		return
	}
	c.Action, c.Reason = Recreate, fmt.Sprintf("%s, and the API server does not change this field", fixed[0])
	if slices.Contains(d.recreatable[c.Addon], c.ID.Kind) || d.Recreate.Has(c.ID) {
		return
	}
	c.Refusals = append(c.Refusals, Refusal{Object: c.ID, Reason: fmt.Sprintf(
		"%s; if nothing depends on the object, --recreate %s deletes it and creates it again", c.Reason, nameOf(c.ID))})
}
