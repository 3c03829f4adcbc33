package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Live fetches those of the given objects that Fitout applied before, or, if unlabelled is set, all of them that are there:
// one LIST for each of their resources and namespaces.
func (c *Client) Live(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, unlabelled bool) (map[manifest.ID]*manifest.Object, error) {
	collections, err := own(kinds, objects)
	if err != nil {
		return nil, err
	}
	if unlabelled {
		for i := range collections {
			collections[i].selector = ""
		}
	}
	return c.list(ctx, collections)
}

// A task is one object on its way into the cluster.
type task struct {
	gvr      schema.GroupVersionResource
	scope    manifest.Resource
	wanted   *manifest.Object
	live     *manifest.Object // as it was found before; nil if it was not
	settled  bool             // nothing has to be sent
	recreate bool
	adopt    bool
	policy   inventory.Policy
}

// Apply makes the live objects what the given ones say, all of them at about the same time, and tells what it did to
// each. An object that fails does not keep the others from being applied; the error joins all failures. Fields that
// somebody else manages make it a ConflictError, unless the policy of the object's addon is another.
func (c *Client) Apply(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, known inventory.Known) ([]report.Change, error) {
	tasks, err := tasksOf(kinds, objects, known)
	if err != nil {
		return nil, err
	}
	changes, errs := account(tasks, func(t task) (report.Change, error) {
		change, err := c.do(ctx, t)
		change.ID = manifest.IDOf(t.wanted)
		if err != nil {
			err = fmt.Errorf("apply %s: %w", change.ID, explain(err))
		}
		return change, err
	})
	return changes, together(errs)
}

// account calls f for every item, several at a time, and returns what came of each. A change with an error has failed.
func account[T any](items []T, f func(T) (report.Change, error)) ([]report.Change, []error) {
	type outcome struct {
		change report.Change
		err    error
	}
	var changes []report.Change
	var errs []error
	for _, o := range each(items, func(item T) outcome {
		change, err := f(item)
		return outcome{change, err}
	}) {
		if o.err != nil {
			o.change.Action, o.change.Error = report.Failed, o.err.Error()
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

func tasksOf(kinds manifest.Kinds, objects []*manifest.Object, known inventory.Known) ([]task, error) {
	var tasks []task
	for _, o := range objects {
		gvr, scope, err := kinds.Of(o)
		if err != nil {
			return nil, err
		}
		id := manifest.IDOf(o)
		tasks = append(tasks, task{
			gvr: gvr, scope: scope, wanted: o, live: known.Live[id], settled: known.Settled[id],
			recreate: known.Recreate[id], adopt: known.Adopt[id], policy: known.Conflicts.Of(o.GetLabels()[render.LabelAddon]),
		})
	}
	return tasks, nil
}

// at is where the object of a task stands.
func (c *Client) at(t task) dynamic.ResourceInterface {
	return c.in(t.gvr, t.scope.Namespaced, t.wanted.GetNamespace())
}

// do applies one object.
func (c *Client) do(ctx context.Context, t task) (report.Change, error) {
	if t.settled {
		return report.Change{Action: report.Unchanged, UID: t.live.GetUID()}, nil
	}
	if t.recreate && t.live != nil {
		return c.recreate(ctx, t)
	}
	if c.atLeast(serverSideApplyFrom) {
		return c.serverSide(ctx, t)
	}
	return c.threeWay(ctx, t)
}

// recreate deletes the live object and creates the wanted one.
func (c *Client) recreate(ctx context.Context, t task) (report.Change, error) {
	if c.DryRun {
		return report.Change{Action: report.Recreated, UID: t.live.GetUID(), Before: t.live, After: t.wanted}, nil
	}
	entry := inventory.Entry{ID: manifest.IDOf(t.wanted), Version: t.gvr.Version, Resource: t.gvr.Resource, UID: t.live.GetUID()}
	if err := c.remove(ctx, entry, t.live); err != nil {
		return report.Change{}, fmt.Errorf("to be created anew: %w", err)
	}
	t.live, t.recreate = nil, false
	change, err := c.do(ctx, t)
	change.Action = report.Recreated
	return change, err
}
