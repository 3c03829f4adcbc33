// Package changeset decides what becomes of every object of a cluster: from the wanted objects, the inventory, the live
// objects and the policies of the run it computes an ordered list of changes, each with its action, reason, effect and, where
// the run may not make it, the refusal. It is pure: callers read the cluster before and carry the changes out after.
package changeset

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/types"
)

// An Action is what is to be done to an object.
type Action string

// The actions.
const (
	Create    Action = "create"
	Configure Action = "configure" // it is there, and is applied
	Adopt     Action = "adopt"     // another tool installed it; its fields are taken over, and it is applied
	Recreate  Action = "recreate"  // deleted and created again, since a field cannot be changed
	Unchanged Action = "unchanged" // no request
	Defer     Action = "defer"     // its kind is not defined yet: a controller that does not run yet is to define it
	Prune     Action = "prune"     // no longer wanted, and deleted
	Keep      Action = "keep"      // no longer wanted, and left where it is
)

// Actions lists all actions in the order in which they are told.
var Actions = []Action{Create, Configure, Adopt, Recreate, Unchanged, Defer, Prune, Keep}

// A Change is what is to be done to one object, and why.
type Change struct {
	ID     manifest.ID
	Addon  string
	Wave   int // index into the waves of the set
	Action Action
	Reason string // why; empty if the action says it all
	// Fields are the rendered fields that the live object has otherwise. Values of Secrets are hidden when they are printed.
	Fields []objectdiff.Difference
	// Going are fields that Fitout, or the tool whose object is adopted, has set and that are no longer wanted.
	Going []objectdiff.Difference
	// Conflicts are those of the fields that somebody else has set; Policy says what happens to them.
	Conflicts []fieldowner.Conflict
	Policy    Policy
	Installer string   // the tool that installed the object, if that was not Fitout
	Lost      []string // settings of others that the change takes away, one line each
	Effect    Effect
	Pods      []Pods // that the change reaches
	Undo      string // why applying the previous bundle again does not undo the change; empty if it does
	Refusals  []Refusal

	Wanted *manifest.Object // nil if the object is no longer wanted
	Live   *manifest.Object // as it was read; nil if it was not found
	Entry  inventory.Entry  // of an object that is no longer wanted, as recorded
	// Recorded says of a kept object that it is still Fitout's, so that its entry stays in the inventory.
	Recorded bool
}

// A Refusal says why a run may not make a change.
type Refusal struct {
	Object manifest.ID
	Reason string // one line
	Remedy string // what the user can do, if other refusals have the same remedy; empty if the reason ends with it
}

// UID returns the UID of the live object; empty if there is none.
func (c Change) UID() types.UID {
	if c.Live == nil {
		return ""
	}
	return c.Live.GetUID()
}

// Changes reports whether carrying the change out sends a request that changes something.
func (c Change) Changes() bool {
	switch c.Action {
	case Unchanged, Defer:
		return false
	case Keep:
		return !c.Entry.Orphaned // it is recorded as kept
	}
	return true
}

// A Set is all changes of a run: those of the waves in the order of applying, then the removals in theirs.
type Set struct {
	Waves    []string // names
	Changes  []Change
	Removals []Change
	Faults   []Refusal // of no change: what could not be read

	decider *decider
}

// OfWave returns the changes of a wave.
func (s *Set) OfWave(i int) []Change {
	var changes []Change
	for _, c := range s.Changes {
		if c.Wave == i {
			changes = append(changes, c)
		}
	}
	return changes
}

// All returns the changes and the removals.
func (s *Set) All() []Change { return append(append([]Change{}, s.Changes...), s.Removals...) }

// Empty reports whether there is nothing to do.
func (s *Set) Empty() bool {
	for _, c := range s.All() {
		if c.Changes() {
			return false
		}
	}
	return true
}

// Refusals returns why the run is refused, in the order of the changes; none if it is not.
func (s *Set) Refusals() []Refusal {
	all := slices.Clone(s.Faults)
	for _, c := range s.All() {
		all = append(all, c.Refusals...)
	}
	return all
}
