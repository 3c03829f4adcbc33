// Package inventory is the record of what Fitout has put into a cluster: every object with its UID and its wave, and the
// bundle that it is of. Runs compare with it, prune by it, and go on from it after they were killed. It is pure: reading
// and writing the record is the business of its callers.
package inventory

import (
	"cmp"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/types"
)

// States of a record.
const (
	// Applying: a run has begun. The entries are everything that may be there: what was recorded before, and what the run
	// is about to apply.
	Applying = "applying"
	// Complete: the run applied everything, and what it no longer wants is gone.
	Complete = "complete"
	// Upgrading: a phase of an upgrade is done, and others are to come. The entries are everything that may be there.
	Upgrading = "upgrading"
	// Uninstalled: everything was removed but the entries, which are kept for a reason.
	Uninstalled = "uninstalled"
)

// An Inventory is the record of one cluster.
type Inventory struct {
	State    string
	Fitout   string // version of the Fitout that wrote it
	Target   Target
	Previous *Target // what was complete before, if that was another
	Phase    string  // of an upgrade: that is being made, or, of a record that is Upgrading, was made last
	SignedBy string  // fingerprint of the key with which the packed bundle was signed that was applied; "" for none
	Addons   map[string]Addon
	Entries  []Entry // in the order of their IDs

	// ResourceVersion is of the object that the record was read from; it is empty for a new one. Writing the record fails
	// where somebody else has written it since.
	ResourceVersion string
}

// A Target is what a cluster was fitted out with.
type Target struct {
	Bundle     string `json:"bundle"`     // 1.36
	Kubernetes string `json:"kubernetes"` // v1.36.4
	Digest     string `json:"digest"`     // of everything rendered
}

// An Addon is one addon of the target.
type Addon struct {
	Version string `json:"version"`
	Digest  string `json:"digest"`
	Objects int    `json:"objects"`
	Kept    bool   `json:"kept,omitempty"` // the run was told to leave fields that others have set, so that a check calls them good
}

// An Entry is one object.
type Entry struct {
	manifest.ID
	Version  string    `json:"version"`            // of its API group, as it was applied
	Resource string    `json:"resource"`           // plural, as it stands in URLs
	Addon    string    `json:"addon"`              //
	Wave     int       `json:"wave"`               // counted from 0; removal goes in reverse
	UID      types.UID `json:"uid,omitempty"`      // empty until the object is known to be there
	Digest   string    `json:"digest,omitempty"`   // of the object as it was applied; empty until then
	Orphaned bool      `json:"orphaned,omitempty"` // no longer wanted, and kept for a reason
}

// Intent is the record to write before anything is applied: the old one's entries and the wanted ones, so that whatever a
// killed run leaves behind is in it. live are the UIDs of the live objects: the UID of one that is gone, or that is another one
// by now, is not that of the object that the run is about to apply. old may be nil.
func Intent(old *Inventory, target *Inventory, live map[manifest.ID]types.UID) *Inventory {
	next := *target
	next.State = Applying
	if old == nil {
		return &next
	}
	next.ResourceVersion = old.ResourceVersion
	next.Previous = old.Previous
	if old.State == Complete && old.Target != target.Target {
		next.Previous = &old.Target
	}
	entries := old.byID()
	for _, wanted := range target.Entries {
		if before, ok := entries[wanted.ID]; ok {
			wanted.Digest = before.Digest
			if before.UID == live[wanted.ID] {
				wanted.UID = before.UID
			}
		}
		entries[wanted.ID] = wanted
	}
	next.Entries = sorted(entries)
	return &next
}

// Applied returns the entries' UIDs and digests as they are once everything is applied. kept are the orphans that stay.
func (i *Inventory) Applied(target *Inventory, uids map[manifest.ID]types.UID, kept []Entry) *Inventory {
	next := *target
	next.State, next.Previous, next.ResourceVersion = Complete, i.Previous, i.ResourceVersion
	entries := map[manifest.ID]Entry{}
	for _, e := range target.Entries {
		e.UID = uids[e.ID]
		entries[e.ID] = e
	}
	for _, e := range kept {
		e.Orphaned = true
		entries[e.ID] = e
	}
	next.Entries = sorted(entries)
	return &next
}

// Reached returns the record after a phase of an upgrade: what was applied has its UID and its digest, the rest stays as it is.
func (i *Inventory) Reached(target *Inventory, uids map[manifest.ID]types.UID) *Inventory {
	next := *i
	next.State = Upgrading
	entries := i.byID()
	for _, e := range target.Entries {
		if uid, applied := uids[e.ID]; applied {
			e.UID = uid
			entries[e.ID] = e
		}
	}
	next.Entries = sorted(entries)
	return &next
}

// Left returns the record after everything was removed but some entries. A later run finds them there.
func (i *Inventory) Left(kept []Entry) *Inventory {
	next := *i
	next.State, next.Addons = Uninstalled, nil
	entries := map[manifest.ID]Entry{}
	for _, e := range kept {
		e.Orphaned = true
		entries[e.ID] = e
	}
	next.Entries = sorted(entries)
	return &next
}

// Orphans returns the recorded objects that the target does not want, last wave first: the order in which to remove them.
func (i *Inventory) Orphans(target *Inventory) []Entry {
	wanted := target.byID()
	var orphans []Entry
	for _, e := range i.Entries {
		if _, ok := wanted[e.ID]; !ok {
			orphans = append(orphans, e)
		}
	}
	slices.SortStableFunc(orphans, func(a, b Entry) int { return cmp.Compare(b.Wave, a.Wave) })
	return orphans
}

// Same reports whether two records say the same, whatever the resource version they were read from.
func (i *Inventory) Same(other *Inventory) bool {
	samePrevious := i.Previous == other.Previous || i.Previous != nil && other.Previous != nil && *i.Previous == *other.Previous
	return i.State == other.State && i.Fitout == other.Fitout && i.Phase == other.Phase && i.Target == other.Target && samePrevious &&
		maps.Equal(i.Addons, other.Addons) && slices.Equal(i.Entries, other.Entries)
}

func (i *Inventory) byID() map[manifest.ID]Entry {
	entries := make(map[manifest.ID]Entry, len(i.Entries))
	for _, e := range i.Entries {
		entries[e.ID] = e
	}
	return entries
}

func sorted(entries map[manifest.ID]Entry) []Entry {
	return slices.SortedFunc(maps.Values(entries), func(a, b Entry) int { return a.Compare(b.ID) })
}
