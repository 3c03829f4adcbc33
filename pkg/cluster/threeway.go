package cluster

import (
	"cmp"
	"context"
	"fmt"
	"net/http"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

// threeWay applies an object without server-side apply: it creates what is not there, and changes what is there by the
// difference between what was applied last, what is wanted and what is live. Fields that somebody else changed are
// treated as server-side apply would treat them.
func (c *Client) threeWay(ctx context.Context, t task) (report.Change, error) {
	record, err := fieldowner.EncodeApplied(t.Wanted)
	if err != nil {
		return report.Change{}, err
	}
	m := merge{client: c, resource: c.at(t), wanted: t.Wanted.DeepCopy(), live: t.Live, dryRun: t.dryRun}
	annotations := m.wanted.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[fieldowner.LastApplied] = record
	m.wanted.SetAnnotations(annotations)
	if stays(m.live, t.dryRun) != nil {
		if err := m.look(ctx); err != nil {
			return report.Change{}, err
		}
	}
	if m.live == nil {
		return m.create(ctx, t)
	}
	noted, err := m.settle(t)
	if err != nil {
		return report.Change{}, err
	}
	change := report.Change{Action: report.Unchanged, UID: m.live.GetUID(), Notes: noted, Before: m.live, After: m.live}
	if len(objectdiff.Differences(m.wanted, m.live)) > 0 {
		change.Action, change.After, err = m.replace(ctx)
	}
	if err == nil && !t.dryRun {
		if d := m.deviation(t, change.Action == report.Created); d != changeset.AsDecided {
			change.Deviation, change.Notes = d, append(change.Notes, d.Told(t.ID, ""))
		}
	}
	return change, err
}

// deviation is what somebody has done to the object since it was read.
func (m *merge) deviation(t task, created bool) changeset.Deviation {
	switch {
	case t.Action == changeset.Create:
		return changeset.Appeared
	case created:
		return changeset.Disappeared
	case m.live.GetUID() != t.UID():
		return changeset.Replaced
	case !equality.Semantic.DeepEqual(manifest.Contents(m.live).Object, manifest.Contents(t.Live).Object):
		return changeset.Edited
	}
	return changeset.AsDecided
}

// merge is the three ways of one object: what was applied last, what is wanted (with its record), and what is live.
type merge struct {
	client   *Client
	resource dynamic.ResourceInterface
	applied  []byte // JSON; nil where there is no record
	wanted   *manifest.Object
	live     *manifest.Object
	dryRun   bool
}

// create creates the object. Where it is there all the same, it either has no label of ours, or it is just as wanted: then
// the answer to a first try was lost.
func (m *merge) create(ctx context.Context, t task) (report.Change, error) {
	var created *manifest.Object
	err := m.client.retry(ctx, func() (err error) {
		created, err = m.resource.Create(ctx, m.wanted, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict, DryRun: dryRun(m.dryRun)})
		return err
	})
	if err == nil {
		return report.Change{Action: report.Created, UID: created.GetUID(), After: created}, nil
	}
	if !apierrors.IsAlreadyExists(err) {
		return report.Change{}, err
	}
	if err := m.look(ctx); err != nil {
		return report.Change{}, err
	}
	if t.Live = m.live; t.Live != nil && len(objectdiff.Differences(m.wanted, m.live)) == 0 {
		return report.Change{Action: report.Created, UID: m.live.GetUID(), After: m.live}, nil
	}
	return m.client.threeWay(ctx, t)
}

// look finds out what is live: nil where there is nothing. An object that is being deleted is waited for.
func (m *merge) look(ctx context.Context) error {
	return m.client.retry(ctx, func() (err error) {
		m.live, err = m.resource.Get(ctx, m.wanted.GetName(), metav1.GetOptions{})
		if apierrors.IsNotFound(err) {
			m.live = nil
			return nil
		}
		return cmp.Or(err, stays(m.live, m.dryRun))
	})
}

// settle reads what was applied last and settles, by policy, what others have changed since.
func (m *merge) settle(t task) (noted []string, err error) {
	if m.applied, err = fieldowner.DecodeApplied(m.live); err != nil {
		return nil, fmt.Errorf("annotation %s: %w; remove the annotation", fieldowner.LastApplied, err)
	}
	if t.Action == changeset.Adopt {
		if m.applied == nil {
			m.applied, err = fieldowner.InstalledRecord(t.Wanted, m.live)
		}
		return nil, err
	}
	conflicts, err := fieldowner.Conflicts(t.Wanted, m.live, false)
	if err != nil {
		return nil, err
	}
	switch {
	case len(conflicts) == 0:
		return nil, nil
	case t.Policy == changeset.TakeOver:
		return notes("taken over", conflicts), nil
	case t.Policy == changeset.Leave:
		return notes("kept", conflicts), m.leave(conflicts)
	}
	return nil, &ConflictError{Conflicts: conflicts}
}

// leave takes fields out of what is wanted and of what was applied last, so that the merge does not touch them. The record
// has them still: the next run finds the same conflicts.
func (m *merge) leave(conflicts []fieldowner.Conflict) (err error) {
	if m.wanted, err = fieldowner.Without(m.wanted, conflicts); err != nil || m.applied == nil {
		return err
	}
	applied := &manifest.Object{}
	if err := applied.UnmarshalJSON(m.applied); err != nil {
		return err
	}
	if applied, err = fieldowner.Without(applied, conflicts); err != nil {
		return err
	}
	m.applied, err = applied.MarshalJSON()
	return err
}

// replace merges here and puts the result, as long as nobody else changes the object in between; then it looks again.
// Patches would do it in the server, but those of this age tell ports apart by number alone, and cannot read a merge patch
// of every kind (1.18 refuses "minimum: 0" in one of a CRD).
func (m *merge) replace(ctx context.Context) (report.Action, *manifest.Object, error) {
	const tries = 5
	before := m.live
	for try := 1; ; try++ {
		merged, err := fieldowner.Merge(m.applied, m.wanted, m.live)
		if err != nil {
			return "", nil, err
		}
		var after *manifest.Object
		err = m.client.retry(ctx, func() error {
			after, err = m.resource.Update(ctx, merged, metav1.UpdateOptions{FieldManager: FieldManager, DryRun: dryRun(m.dryRun)})
			return err
		})
		if err == nil {
			return actionOf(http.StatusOK, before, after, m.wanted, m.dryRun), after, nil
		}
		if apierrors.IsNotFound(err) {
			created, err := m.resource.Create(ctx, m.wanted, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict, DryRun: dryRun(m.dryRun)})
			return report.Created, created, err
		}
		if !apierrors.IsConflict(err) || try == tries {
			return "", nil, err
		}
		if err := m.look(ctx); err != nil {
			return "", nil, err
		}
		if m.live == nil {
			return "", nil, fmt.Errorf("somebody has deleted it at this moment; run the same command again")
		}
	}
}
