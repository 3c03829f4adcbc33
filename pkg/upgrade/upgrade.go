// Package upgrade says what moving a cluster to another Kubernetes version does to it: for each addon the old and the new
// version, for each object a class of disturbance, and what a person has to decide on. It is pure, and decides nothing about
// single objects itself: that is in the change set that it is given.
package upgrade

import (
	"cmp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A Side is the cluster before or after an upgrade.
type Side struct {
	Kubernetes string `json:"kubernetes"` // v1.36.4
	Bundle     string `json:"bundle"`     // 1.36
	Digest     string `json:"digest"`     // of everything rendered
}

// An Input is everything that a plan depends on.
type Input struct {
	From, To Side
	Before   map[string]string       // versions of the addons before, by name
	After    []render.Addon          // those of the new bundle
	Known    map[string]bundle.Addon // of the catalogue, by name
	Set      *changeset.Set          // what becomes of every object
	Accepted []string                // names of decisions that are taken
}

// A Plan is what an upgrade does to a cluster.
type Plan struct {
	From      Side       `json:"from"`
	To        Side       `json:"to"`
	Summary   string     `json:"summary"` // in one line
	Decisions []Decision `json:"decisions,omitempty"`
	// Preconditions are those of a running cluster.
	Preconditions []Precondition `json:"preconditions,omitempty"`
	Addons        []Addon        `json:"addons"`
}

// An Addon is what becomes of one addon.
type Addon struct {
	Name    string   `json:"name"`
	Role    string   `json:"role,omitempty"`
	From    string   `json:"from,omitempty"` // its version before; empty if it is new
	To      string   `json:"to,omitempty"`   // its version after; empty if it goes
	Class   Class    `json:"class"`          // the strongest of its objects
	Phase   Phase    `json:"phase"`          // in which it is applied
	Objects []Object `json:"objects"`
}

// An Object is what becomes of one object.
type Object struct {
	Class    Class               `json:"class"`
	Moved    *manifest.ID        `json:"moved,omitempty"` // the object whose place it takes
	Rollouts []changeset.Rollout `json:"rollouts,omitempty"`
	changeset.DocumentedChange
}

// A Class is how much an upgrade disturbs an object.
type Class string

// The classes, the weakest first.
const (
	Unchanged     Class = "unchanged"
	Labels        Class = "labels-only"     // labels and annotations
	Kept          Class = "kept"            // no longer wanted, and left where it is
	Configuration Class = "configuration"   // read by whoever uses the object; no pod is restarted for it
	Reload        Class = "reload"          // running pods read it again, without a restart
	Added         Class = "added"           //
	Rolling       Class = "rolling-restart" // pods are replaced, some at a time
	Removed       Class = "removed"         //
	Moved         Class = "moved"           // another object takes its place, with another name or in another namespace
	Recreated     Class = "recreate"        // deleted and created again, since a field cannot be changed
)

// Classes lists all classes, the weakest first.
var Classes = []Class{Unchanged, Labels, Kept, Configuration, Reload, Added, Rolling, Removed, Moved, Recreated}

// stronger returns the stronger of two classes.
func stronger(a, b Class) Class {
	if slices.Index(Classes, b) > slices.Index(Classes, a) {
		return b
	}
	return a
}

// Decide says what an upgrade does, and what has to be decided on.
func Decide(in Input) *Plan {
	p := &Plan{From: in.From, To: in.To, Addons: in.addons()}
	p.Decisions = in.decisions(p.Addons)
	p.Summary = p.summary()
	return p
}

// addons returns what becomes of each addon, by name.
func (in Input) addons() []Addon {
	after := map[string]string{}
	for _, a := range in.After {
		after[a.Name] = a.Version
	}
	byName := map[string]*Addon{}
	of := func(name string) *Addon {
		if byName[name] == nil {
			byName[name] = &Addon{Name: name, Role: in.Known[name].Role, From: in.Before[name], To: after[name], Class: Unchanged, Phase: PhaseOf(in.Known[name])}
		}
		return byName[name]
	}
	for name := range in.Before {
		of(name)
	}
	for name := range after {
		of(name)
	}
	moved, handed := movesOf(in.Set), in.handovers()
	for _, c := range in.Set.All() {
		a, o := of(c.Addon), objectOf(c, moved)
		if h, ok := handed[c.ID]; ok && o.Class == Removed {
			o.Reason = h.String()
		}
		a.Objects = append(a.Objects, o)
		a.Class = stronger(a.Class, o.Class)
	}
	return sortedAddons(byName)
}

// handovers are the removals that go before others are applied, by what is removed.
func (in Input) handovers() map[manifest.ID]changeset.Handover {
	all := map[manifest.ID]changeset.Handover{}
	for _, h := range in.Set.Handovers(in.Set.Changes) {
		all[h.Removal.ID] = h
	}
	return all
}

func sortedAddons(byName map[string]*Addon) []Addon {
	all := []Addon{}
	for _, a := range byName {
		slices.SortStableFunc(a.Objects, func(x, y Object) int { return x.Object.Compare(y.Object) })
		all = append(all, *a)
	}
	slices.SortFunc(all, func(a, b Addon) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

func objectOf(c changeset.Change, moved map[manifest.ID]manifest.ID) Object {
	o := Object{DocumentedChange: c.Document(), Class: classOf(c)}
	if r, replaced := c.Rollout(); replaced {
		o.Rollouts = []changeset.Rollout{r}
	}
	if other, ok := moved[c.ID]; ok {
		if o.Class = Moved; c.Action == changeset.Create {
			o.Moved = &other
		}
	}
	return o
}

func classOf(c changeset.Change) Class {
	switch c.Action {
	case changeset.Create, changeset.Defer:
		return Added
	case changeset.Recreate:
		return Recreated
	case changeset.Prune:
		return Removed
	case changeset.Keep:
		return Kept
	}
	return cmp.Or(map[changeset.Effect]Class{
		changeset.Metadata: Labels, changeset.Configuration: Configuration, changeset.Reload: Reload, changeset.Restart: Rolling,
	}[c.Effect], Unchanged)
}

// movesOf pairs objects that are created with those that are pruned and whose place they take, both ways: of the same addon and
// kind, and of the same name in another namespace, or, of workloads, the only new one of their kind.
func movesOf(set *changeset.Set) map[manifest.ID]manifest.ID {
	moves := map[manifest.ID]manifest.ID{}
	for _, c := range set.Changes {
		if c.Action != changeset.Create {
			continue
		}
		var same, alike []manifest.ID
		for _, r := range set.Removals {
			if r.Action != changeset.Prune || !ofOneSort(r, c) {
				continue
			}
			if alike = append(alike, r.ID); r.ID.Name == c.ID.Name {
				same = append(same, r.ID)
			}
		}
		if len(same) != 1 && manifest.PodSpecPath(c.ID.Kind) != nil && created(set, c) == 1 {
			same = alike // one for each architecture before, say, and one for all of them now
		}
		for i, old := range same {
			if moves[old] = c.ID; i == 0 {
				moves[c.ID] = old
			}
		}
	}
	return moves
}

// ofOneSort reports whether two changes are of objects of the same addon and kind.
func ofOneSort(a, b changeset.Change) bool {
	return a.Addon == b.Addon && a.ID.Kind == b.ID.Kind && a.ID.Group == b.ID.Group
}

// created counts the objects of the addon and kind of a change that are created.
func created(set *changeset.Set, of changeset.Change) (n int) {
	for _, c := range set.Changes {
		if c.Action == changeset.Create && ofOneSort(c, of) {
			n++
		}
	}
	return n
}
