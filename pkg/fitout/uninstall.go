package fitout

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/report"
)

// Uninstall removes everything that the cluster's record has, the last wave first, and then the record. What somebody else
// has taken over stays.
func Uninstall(ctx context.Context, cluster Cluster, o UninstallOptions, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := &report.Report{APIVersion: report.Version, Kind: report.Kind, DryRun: o.DryRun, Verdict: check.Failed}
	err := uninstall(ctx, cluster, o, progress, r)
	if o.DryRun && r.Set != nil {
		r.ChangeSet = r.Set.Document()
	}
	if err != nil {
		r.Error = err.Error()
		return r, err
	}
	r.Verdict = check.Good
	return r, nil
}

// nothingInstalled is said of a cluster that has no inventory.
var nothingInstalled = []string{
	fmt.Sprintf("nothing of Fitout is installed in this cluster: there is no inventory (%s); nothing was removed", inventory.ID),
	"another cluster is chosen with --context or --kubeconfig; if somebody has deleted the inventory, run fitout up with the same cluster file, " +
		"which records again what is there, and then fitout uninstall",
}

func uninstall(ctx context.Context, cluster Cluster, o UninstallOptions, progress Progress, r *report.Report) error {
	if !o.DryRun {
		locked, release, _, err := lock(ctx, cluster, o.LockTimeout, progress)
		if err != nil {
			return err
		}
		defer release()
		ctx = locked
	}
	record, err := cluster.Inventory(ctx)
	if err != nil {
		return err
	}
	if record == nil {
		r.Warnings = nothingInstalled
		return nil
	}
	r.Kubernetes, r.Bundle, r.Digest = record.Target.Kubernetes, record.Target.Bundle, record.Target.Digest
	if !o.DryRun { // from here on the record is of what may still be there
		record.State = inventory.Applying
		if err := cluster.Record(ctx, record); err != nil {
			return err
		}
	}
	live, err := cluster.Recorded(ctx, record.Entries)
	if err != nil {
		return err
	}
	policies := changeset.Options{Prune: o.Prune, Uninstall: true}
	set := changeset.Decide(changeset.Input{Target: &inventory.Inventory{}, Record: record, Live: live, Options: policies})
	if err := hold(ctx, cluster, set); err != nil {
		return err
	}
	r.Set = set
	changes, err := removeAll(ctx, cluster, set, set.Removals, o.DryRun)
	r.Waves = []report.Wave{{Name: "uninstall", Changes: changes}}
	if err != nil || o.DryRun {
		return err
	}
	if kept := remaining(set, changes); len(kept) > 0 {
		return cluster.Record(ctx, record.Left(kept))
	}
	return cluster.Forget(ctx, record)
}
