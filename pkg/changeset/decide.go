package changeset

import (
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/wave"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// An Input is everything that the decisions depend on.
type Input struct {
	Minor  string // of the API server: 1.36
	Addons []render.Addon
	Waves  []wave.Wave          // the wanted objects, with what people keep in them
	Target *inventory.Inventory // the record of the wanted objects
	Record *inventory.Inventory // what is recorded; nil if nothing is
	// Live are the live objects that were found: of the wanted ones, and of the recorded ones that are no longer wanted.
	Live map[manifest.ID]*manifest.Object
	// Undefined are the kinds that a controller is still to define.
	Undefined map[schema.GroupKind]bool
	// ServerSide says that the API server does server-side apply, and so keeps managed fields.
	ServerSide bool
	// Faults are refusals that were found while the wanted objects were made.
	Faults []Refusal
	// Lost says which settings of a live object of another tool would be lost by adopting it; nil for none.
	Lost func(addon string, wanted, live *manifest.Object) []string
	Options
}

// Options are what the user of a run has decided.
type Options struct {
	Conflicts Policies // what happens to fields that others have set; ours goes first, then the cluster file's
	Adopt     bool     // take over what other tools installed
	Accept    Names    // objects whose settings of others may be lost by adoption; all for every object
	Recreate  Names    // objects that may be deleted and created again
	Prune     Names    // objects that may be pruned although they never are by themselves
	Uninstall bool     // nothing is wanted any more
}

// Decide computes the changes of a run.
func Decide(in Input) *Set {
	d := &decider{Input: in, recreatable: map[string][]string{}, applied: digests(in.Record), wanted: digests(in.Target)}
	for _, a := range in.Addons {
		d.recreatable[a.Name] = a.Recreate
	}
	set := &Set{Faults: in.Faults, decider: d}
	for i, w := range in.Waves {
		set.Waves = append(set.Waves, w.Name)
		for _, o := range w.Objects {
			set.Changes = append(set.Changes, d.change(i, o))
		}
	}
	set.disturb()
	set.Removals = d.removals()
	return set
}

type decider struct {
	Input
	recreatable     map[string][]string    // kinds that an addon allows to be created again, by its name
	applied, wanted map[manifest.ID]string // digests of objects: recorded, and to be recorded
}

func digests(i *inventory.Inventory) map[manifest.ID]string {
	all := map[manifest.ID]string{}
	if i != nil {
		for _, e := range i.Entries {
			all[e.ID] = e.Digest
		}
	}
	return all
}

// change decides about one wanted object.
func (d *decider) change(i int, o *manifest.Object) Change {
	c := Change{ID: manifest.IDOf(o), Addon: o.GetLabels()[render.LabelAddon], Wave: i, Wanted: o, Live: d.Live[manifest.IDOf(o)]}
	c.Policy = d.Conflicts.Of(c.Addon)
	if c.Live == nil {
		c.Action = Create
		if d.Undefined[manifest.GroupKindOf(o)] {
			c.Reason = "once its controller has defined its kind"
		}
		c.Effect, c.Undo = NoEffect, undoOf(c)
		return c
	}
	c.Action, c.Fields = Configure, objectdiff.Differences(o, c.Live)
	if d.upToDate(c) {
		c.Action = Unchanged
		return c
	}
	for _, filter := range applyFilters {
		filter(d, &c)
	}
	c.Going, c.Undo = d.going(c), undoOf(c)
	if c.Action == Configure && c.Reason == "" && len(c.Fields)+len(c.Going) == 0 {
		c.Reason = d.again(c)
	}
	return c
}

// again is why an object is applied of which no field differs.
func (d *decider) again(c Change) string {
	switch {
	case c.Live.GetDeletionTimestamp() != nil:
		return "it is being deleted"
	case !fieldowner.Owned(c.Live):
		return "Fitout has not applied it yet"
	case d.applied[c.ID] == "":
		return "no finished run has applied it"
	}
	return "the bundle has another form of it"
}

// going are the fields of a live object that go as the change is made.
func (d *decider) going(c Change) []objectdiff.Difference {
	if c.Action == Unchanged || c.Action == Recreate {
		return nil
	}
	going := fieldowner.Going(c.Wanted, c.Live, d.ServerSide)
	if c.Action == Adopt {
		going = append(going, fieldowner.Leaving(c.Wanted, c.Live)...)
	}
	return going
}

// upToDate reports whether an object needs no request: the record says that it was applied as it is wanted now, and the
// live object is Fitout's and has every field of it.
func (d *decider) upToDate(c Change) bool {
	return c.Live.GetDeletionTimestamp() == nil && fieldowner.Owned(c.Live) && len(c.Fields) == 0 &&
		d.Record != nil && d.applied[c.ID] != "" && d.applied[c.ID] == d.wanted[c.ID]
}

// removals decides about the recorded objects that are no longer wanted, in the order of their removal.
func (d *decider) removals() []Change {
	if d.Record == nil {
		return nil
	}
	var all []Change
	for _, e := range d.Record.Orphans(d.Target) {
		all = append(all, d.removal(e))
	}
	return all
}

func (d *decider) removal(e inventory.Entry) Change { return d.removalOf(e, d.Live[e.ID]) }

func (d *decider) removalOf(e inventory.Entry, live *manifest.Object) Change {
	c := Change{ID: e.ID, Addon: e.Addon, Wave: e.Wave, Action: Prune, Effect: NoEffect, Entry: e, Live: live}
	if c.Live == nil {
		c.Reason = "gone already"
		return c
	}
	for _, filter := range removeFilters {
		if reason := filter.reason(d, c); reason != "" {
			c.Action, c.Reason, c.Recorded = Keep, reason, filter.recorded
			return c
		}
	}
	c.Effect, c.Pods, c.Undo = Removal, podsOf(c.Live, Stops), undoOf(c)
	return c
}

// applyFilters look at a wanted object that is there, in this order; each may change the action or add a refusal.
var applyFilters = []func(d *decider, c *Change){adoption, conflicts, immutable}

// removeFilters say why an object that is no longer wanted is kept; the first that does wins. An object that is still Fitout's
// stays recorded.
var removeFilters = []struct {
	reason   func(d *decider, c Change) string
	recorded bool
}{{ofKubernetes, false}, {otherKind, false}, {otherObject, false}, {unlabelled, false}, {ofRelease, false}, {ofReconciler, false}, {ofOwner, false}, {unproven, true}, {protected, true}}
