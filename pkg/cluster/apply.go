package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/dynamic"
)

// Live fetches those of the given objects that Fitout applied before, and those that all names, whoever made them: one LIST
// for each of their resources and namespaces.
func (c *Client) Live(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, all func(manifest.ID) bool) (map[manifest.ID]*manifest.Object, error) {
	collections, err := own(kinds, objects)
	if err != nil {
		return nil, err
	}
	for i, from := range collections {
		for id := range from.wanted {
			if all(id) {
				collections[i].selector = ""
			}
		}
	}
	return c.list(ctx, collections)
}

// Recorded fetches recorded objects, whatever has become of them: one GET each. One whose kind the API server does not have
// is not there.
func (c *Client) Recorded(ctx context.Context, entries []inventory.Entry) (map[manifest.ID]*manifest.Object, error) {
	type outcome struct {
		live *manifest.Object
		err  error
	}
	live := map[manifest.ID]*manifest.Object{}
	var errs []error
	for i, o := range concurrent.Map(parallel, entries, func(e inventory.Entry) outcome {
		live, err := c.recorded(ctx, e)
		return outcome{live, err}
	}) {
		switch {
		case o.err == nil:
			live[entries[i].ID] = o.live
		case !apierrors.IsNotFound(o.err):
			errs = append(errs, fmt.Errorf("read %s: %w", entries[i].ID, explain(o.err)))
		}
	}
	return live, errors.Join(errs...)
}

// recorded fetches a recorded object. That it is not there in the version in which it was applied says nothing if the API server
// no longer serves that version: it is looked for in the one that its group prefers now.
func (c *Client) recorded(ctx context.Context, e inventory.Entry) (*manifest.Object, error) {
	live, err := c.get(ctx, c.resourceOf(e), e.Name)
	if !apierrors.IsNotFound(err) {
		return live, err
	}
	now := metav1.APIGroup{PreferredVersion: metav1.GroupVersionForDiscovery{Version: "v1"}}
	if e.Group != "" {
		now = metav1.APIGroup{}
		if err := c.discover(ctx, &now, "/apis", e.Group); err != nil && !apierrors.IsNotFound(err) {
			return nil, err
		}
	}
	version := now.PreferredVersion.Version
	if version == e.Version || len(validation.IsDNS1035Label(version)) > 0 {
		return nil, err // the object is gone, or its whole group is
	}
	e.Version = version
	return c.get(ctx, c.resourceOf(e), e.Name)
}

// A task is one object on its way into the cluster.
type task struct {
	changeset.Change
	gvr    schema.GroupVersionResource
	scope  manifest.Resource
	dryRun bool // the server is to validate the request and to persist nothing
}

// Apply carries out the changes of wanted objects, all of them at about the same time, and returns the outcome of each. An
// object that fails does not keep the others from being applied; the error joins all failures. Fields that somebody else has
// set make it a ConflictError, unless the policy of the change is another. With dryRun the API server validates everything
// and persists nothing.
func (c *Client) Apply(ctx context.Context, kinds manifest.Kinds, planned []changeset.Change, dryRun bool) ([]report.Change, error) {
	tasks, err := tasksOf(kinds, planned, dryRun)
	if err != nil {
		return nil, err
	}
	changes, errs := account(tasks, func(t task) (report.Change, error) {
		change, err := c.do(ctx, t)
		change.ID = t.ID
		change = unforeseen(t, change, err)
		if err != nil {
			err = fmt.Errorf("apply %s: %w", change.ID, explain(err))
		}
		return change, err
	})
	return changes, together(errs)
}

// unforeseen adds to the outcome of a change that met a conflict which was not foreseen that somebody has acted in between.
func unforeseen(t task, change report.Change, err error) report.Change {
	var conflict *ConflictError
	if !errors.As(err, &conflict) || len(t.Conflicts) > 0 || t.dryRun {
		return change
	}
	change.Deviation = changeset.Edited
	if t.Action == changeset.Create {
		change.Deviation = changeset.Appeared
	}
	return change
}

// account calls f for every item, several at a time, and returns what came of each. A change with an error has failed.
func account[T any](items []T, f func(T) (report.Change, error)) ([]report.Change, []error) {
	type outcome struct {
		change report.Change
		err    error
	}
	var changes []report.Change
	var errs []error
	for _, o := range concurrent.Map(parallel, items, func(item T) outcome {
		change, err := f(item)
		return outcome{change, err}
	}) {
		if o.err != nil {
			o.change.Action, o.change.Error, o.change.Cause = report.Failed, o.err.Error(), o.err
		}
		changes, errs = append(changes, o.change), append(errs, o.err)
	}
	return changes, errs
}

// together joins errors, of those with the same cause the first and the number of the others.
func together(errs []error) error {
	first := map[string]int{}
	var causes []error
	others := map[string]int{}
	for _, err := range errs {
		if err == nil {
			continue
		}
		cause := errors.Unwrap(err).Error()
		if _, known := first[cause]; known {
			others[cause]++
			continue
		}
		first[cause] = len(causes)
		causes = append(causes, err)
	}
	for cause, n := range others {
		i := first[cause]
		causes[i] = fmt.Errorf("%w (and the same of %d more)", causes[i], n)
	}
	return errors.Join(causes...)
}

func tasksOf(kinds manifest.Kinds, planned []changeset.Change, dryRun bool) ([]task, error) {
	var tasks []task
	for _, change := range planned {
		gvr, scope, err := kinds.Of(change.Wanted)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, task{Change: change, gvr: gvr, scope: scope, dryRun: dryRun})
	}
	return tasks, nil
}

// at is where the object of a task stands.
func (c *Client) at(t task) dynamic.ResourceInterface {
	return c.in(t.gvr, t.scope.Namespaced, t.Wanted.GetNamespace())
}

// do applies one object.
func (c *Client) do(ctx context.Context, t task) (report.Change, error) {
	switch t.Action {
	case changeset.Unchanged:
		return report.Change{Action: report.Unchanged, UID: t.UID(), Notes: notes("kept", t.Conflicts)}, nil
	case changeset.Defer:
		return report.Change{Action: report.Deferred, After: t.Wanted}, nil
	case changeset.Recreate:
		return c.recreate(ctx, t)
	}
	if c.atLeast(serverSideApplyFrom) {
		return c.serverSide(ctx, t)
	}
	return c.threeWay(ctx, t)
}

// recreate deletes the live object and creates the wanted one.
func (c *Client) recreate(ctx context.Context, t task) (report.Change, error) {
	if t.dryRun {
		return report.Change{Action: report.Recreated, UID: t.UID(), Before: t.Live, After: t.Wanted}, nil
	}
	err := c.remove(ctx, c.at(t), t.Live, false)
	replaced := apierrors.IsConflict(err) // another object of its name stands there by now
	if err != nil && !replaced && !apierrors.IsNotFound(err) {
		return report.Change{}, fmt.Errorf("to be created again: %w", err)
	}
	was := t.Change
	t.Live, t.Action = nil, changeset.Create
	change, err := c.do(ctx, t)
	change.Action = report.Recreated
	switch {
	case replaced:
		change.Deviation = changeset.Replaced
	case change.Deviation == changeset.Appeared:
		change.Deviation = changeset.Replaced
	}
	if change.Deviation != changeset.AsDecided {
		change.Notes = append(change.Notes[:0], change.Deviation.Told(was.ID, ""))
	}
	return change, err
}
