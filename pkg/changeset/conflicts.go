package changeset

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

const conflictRemedy = "run again with --conflicts keep or --conflicts take-over"

// conflicts is about fields that somebody else has set to another value than the wanted one.
func conflicts(d *decider, c *Change) {
	if c.Action == Adopt || len(c.Refusals) > 0 {
		return
	}
	found, err := fieldowner.Conflicts(c.Wanted, c.Live, d.ServerSide)
	if err != nil {
		c.Refusals = append(c.Refusals, Refusal{Object: c.ID, Reason: fmt.Sprintf("annotation %s: %v; remove the annotation", fieldowner.LastApplied, err)})
		return
	}
	c.Conflicts = found
	switch c.Policy {
	case Leave:
		c.Fields = slices.DeleteFunc(c.Fields, func(f objectdiff.Difference) bool {
			return slices.ContainsFunc(found, func(conflict fieldowner.Conflict) bool { return conflict.Field == f.Path })
		})
		if len(found) > 0 && d.upToDate(*c) {
			c.Action = Unchanged
		}
	case Fail:
		for _, conflict := range found {
			c.Refusals = append(c.Refusals, Refusal{Object: c.ID, Reason: conflict.Text(), Remedy: conflictRemedy})
		}
	}
}
