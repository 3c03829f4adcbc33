package fitout

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
)

// hold reads what is in the namespaces and definitions that are to be removed, and decides about them by it.
func hold(ctx context.Context, cluster Cluster, set *changeset.Set) error {
	contents := map[manifest.ID]changeset.Contents{}
	for _, c := range set.Holders() {
		found, err := cluster.Contents(ctx, c.Live)
		if err != nil {
			return fmt.Errorf("find out what is in %s: %w", c.ID, err)
		}
		contents[c.ID] = found
	}
	set.Occupy(contents)
	return nil
}

// removeAll carries out removals of a set, the last wave's first, each wave once the one before is gone.
func removeAll(ctx context.Context, cluster Cluster, set *changeset.Set, removals []changeset.Change, dryRun bool) ([]report.Change, error) {
	var changes []report.Change
	for len(removals) > 0 {
		n := 1
		for n < len(removals) && removals[n].Wave == removals[0].Wave {
			n++
		}
		done, err := removeWave(ctx, cluster, set, removals[:n], dryRun)
		changes = append(changes, decided(removals[:n], done)...)
		if err != nil {
			return changes, err
		}
		removals = removals[n:]
	}
	return changes, nil
}

func removeWave(ctx context.Context, cluster Cluster, set *changeset.Set, removals []changeset.Change, dryRun bool) ([]report.Change, error) {
	var changes []report.Change
	var deleted []changeset.Change
	for _, r := range removals {
		switch {
		case r.Action == changeset.Keep:
			changes = append(changes, report.Change{ID: r.ID, Action: report.Kept, UID: r.Entry.UID, Before: r.Live,
				Notes: []string{fmt.Sprintf("kept: %s: %s", r.ID, r.Reason)}})
		case dryRun:
			changes = append(changes, report.Change{ID: r.ID, Action: report.Pruned, UID: r.Entry.UID, Before: r.Live})
		default:
			deleted = append(deleted, r)
		}
	}
	if len(deleted) == 0 {
		return changes, nil
	}
	done, err := cluster.Remove(ctx, set, deleted)
	return append(changes, done...), err
}

// decided adds to outcomes what was decided of them: effect, pods, and whether they can be undone.
func decided(planned []changeset.Change, outcomes []report.Change) []report.Change {
	byID := map[manifest.ID]changeset.Change{}
	for _, c := range planned {
		byID[c.ID] = c
	}
	for i, o := range outcomes {
		if c := byID[o.ID]; o.Action != report.Unchanged && o.Action != report.Kept && o.Action != report.Failed {
			outcomes[i].Effect, outcomes[i].Pods, outcomes[i].Undo = c.Effect, c.Pods, c.Undo
		}
	}
	return outcomes
}

// remaining are the entries of removed objects that stay in the record: those that are still Fitout's and were kept, whether that
// was decided before or as they were to be removed.
func remaining(set *changeset.Set, outcomes []report.Change) []inventory.Entry {
	stays := map[manifest.ID]bool{}
	for _, o := range outcomes {
		stays[o.ID] = o.Action == report.Kept && o.Recorded
	}
	var kept []inventory.Entry
	for _, c := range set.Removals {
		if c.Recorded || stays[c.ID] {
			kept = append(kept, c.Entry)
		}
	}
	return kept
}
