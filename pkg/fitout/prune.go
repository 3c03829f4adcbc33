package fitout

import (
	"context"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/report"
)

// protected are the kinds that are never pruned unless they are named: with them goes what others put there.
var protected = []string{"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim"}

func (s *session) prunable(e inventory.Entry) bool {
	return !slices.Contains(protected, e.Kind) || s.options.Prune.Has(e.ID)
}

// orphans are the recorded objects that are no longer wanted, in the order of their removal.
func (s *session) orphans() []inventory.Entry {
	if s.record == nil {
		return nil
	}
	return s.record.Orphans(s.target)
}

// prune removes what is no longer wanted, the last wave's objects first, each wave once the one before is gone.
func (s *session) prune(ctx context.Context, orphans []inventory.Entry) ([]report.Change, error) {
	var changes []report.Change
	orphans = slices.DeleteFunc(slices.Clone(orphans), func(e inventory.Entry) bool {
		if s.prunable(e) {
			return false
		}
		changes = append(changes, report.Change{ID: e.ID, Action: report.Kept, UID: e.UID,
			Notes: []string{fmt.Sprintf("kept: %s: no longer wanted, but a %s is pruned only if it is named: --prune %s/%s", e.ID, e.Kind, e.Kind, e.Name)}})
		return true
	})
	removed, err := removeEntries(ctx, s.cluster, orphans, s.options.Prune)
	return append(changes, removed...), err
}

// removeEntries removes entries wave by wave.
func removeEntries(ctx context.Context, cluster Cluster, entries []inventory.Entry, named inventory.Names) ([]report.Change, error) {
	var changes []report.Change
	for len(entries) > 0 {
		n := 1
		for n < len(entries) && entries[n].Wave == entries[0].Wave {
			n++
		}
		done, err := cluster.Remove(ctx, entries[:n], named)
		changes = append(changes, done...)
		if err != nil {
			return changes, err
		}
		entries = entries[n:]
	}
	return changes, nil
}
