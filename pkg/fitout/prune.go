package fitout

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/report"
)

// removeAll carries out removals, the last wave's first, each wave once the one before is gone.
func removeAll(ctx context.Context, cluster Cluster, removals []changeset.Change, dryRun bool, named changeset.Names) ([]report.Change, error) {
	var changes []report.Change
	for len(removals) > 0 {
		n := 1
		for n < len(removals) && removals[n].Wave == removals[0].Wave {
			n++
		}
		done, err := removeWave(ctx, cluster, removals[:n], dryRun, named)
		changes = append(changes, done...)
		if err != nil {
			return changes, err
		}
		removals = removals[n:]
	}
	return changes, nil
}

func removeWave(ctx context.Context, cluster Cluster, removals []changeset.Change, dryRun bool, named changeset.Names) ([]report.Change, error) {
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
	done, err := cluster.Remove(ctx, deleted, named)
	return append(changes, done...), err
}
