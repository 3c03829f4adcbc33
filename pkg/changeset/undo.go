package changeset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
)

// undoOf says why applying the previous bundle again does not undo a change; it is empty if it does.
func undoOf(c Change) string {
	switch holds := slices.Contains(containers, c.ID.Kind); {
	case c.Action == Create && holds:
		return fmt.Sprintf("a %s is kept when it is no longer wanted, unless --prune names it", c.ID.Kind)
	case c.Action == Adopt:
		return "the settings of " + c.Installer + " are not recorded"
	case (c.Action == Recreate || c.Action == Prune) && holds:
		return "everything in it is gone, whoever made it"
	case c.Action == Configure && c.Policy == TakeOver && len(c.Conflicts) > 0:
		return "what " + managers(c.Conflicts) + " has set is not recorded"
	}
	return ""
}

// managers names who has set fields.
func managers(conflicts []fieldowner.Conflict) string {
	var names []string
	for _, conflict := range conflicts {
		if !slices.Contains(names, conflict.Manager) {
			names = append(names, conflict.Manager)
		}
	}
	return strings.Join(names, ", ")
}
