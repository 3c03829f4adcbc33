package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Remove carries out removals of a set, all of them at about the same time, and waits until the objects are gone. The set
// decides again about an object that has changed since it was read, and about a namespace or a definition by what is in it by
// now; the outcome says so. The error joins all failures.
func (c *Client) Remove(ctx context.Context, set *changeset.Set, removals []changeset.Change) ([]report.Change, error) {
	changes, errs := account(removals, func(r changeset.Change) (report.Change, error) {
		change, err := c.removeOne(ctx, set, r)
		if err != nil {
			err = fmt.Errorf("remove %s: %w", r.ID, explain(err))
		}
		return change, err
	})
	return changes, errors.Join(errs...)
}

func (c *Client) removeOne(ctx context.Context, set *changeset.Set, r changeset.Change) (report.Change, error) {
	change := report.Change{ID: r.ID, Action: report.Pruned, UID: r.Entry.UID, Before: r.Live}
	if r.Live == nil { // or never applied: its kind may be gone, too
		change.Notes = []string{fmt.Sprintf("%s was gone already", r.ID)}
		return change, nil
	}
	if set.Holds(r) {
		contents, err := c.Contents(ctx, r.Live)
		if err != nil {
			return change, fmt.Errorf("find out what is in it: %w", err)
		}
		if again := set.Occupied(r, contents); again.Action == changeset.Keep {
			return keptAfterAll(change, again, changeset.Occupied), nil
		}
	}
	found := r.Entry
	found.Version = r.Live.GroupVersionKind().Version // the API server may no longer serve the recorded one
	return c.removeUnchanged(ctx, set, change, r, c.resourceOf(found))
}

// removeUnchanged deletes an object that is as it was read. One that is not is read, and decided about, again.
func (c *Client) removeUnchanged(ctx context.Context, set *changeset.Set, change report.Change, r changeset.Change, resource dynamic.ResourceInterface) (report.Change, error) {
	for {
		err := c.remove(ctx, resource, r.Live, true)
		if !apierrors.IsConflict(err) && !apierrors.IsNotFound(err) {
			return change, err
		}
		now, getErr := c.get(ctx, resource, r.ID.Name)
		if getErr != nil && !apierrors.IsNotFound(getErr) {
			return change, getErr
		}
		if getErr != nil {
			now = nil
		}
		again, deviation := set.Again(r, now)
		if again.Action == changeset.Keep {
			return keptAfterAll(change, again, deviation), nil
		}
		if deviation == changeset.Disappeared {
			change.Deviation, change.Notes = deviation, []string{deviation.Told(r.ID, "")}
			return change, nil
		}
		if ctx.Err() != nil {
			return change, ctx.Err()
		}
		r = again
	}
}

// keptAfterAll is the outcome of a removal that was decided and is not made, for what somebody has done in between.
func keptAfterAll(change report.Change, r changeset.Change, d changeset.Deviation) report.Change {
	change.Action, change.Recorded, change.Deviation = report.Kept, r.Recorded, d
	change.Notes = []string{d.Told(r.ID, ""), fmt.Sprintf("kept: %s: %s", r.ID, r.Reason)}
	return change
}

// builtIn are the kinds of Kubernetes itself.
var builtIn = manifest.KindsOf(nil)

// resourceOf returns where the object of an entry is. For a kind of Kubernetes that is known; an inventory that says otherwise
// is not followed.
func (c *Client) resourceOf(e inventory.Entry) dynamic.ResourceInterface {
	gvr := schema.GroupVersionResource{Group: e.Group, Version: e.Version, Resource: e.Resource}
	namespaced := e.Namespace != ""
	if r, known := builtIn[schema.GroupKind{Group: e.Group, Kind: e.Kind}]; known {
		gvr.Resource, namespaced = r.Name, r.Namespaced
	}
	return c.in(gvr, namespaced, e.Namespace)
}

// remove deletes an object, if it still is the one that was read, with what it owns, and waits until it is gone. unchanged says
// that it must also be as it was read. An error that is a conflict or "not found" says that it is not.
func (c *Client) remove(ctx context.Context, resource dynamic.ResourceInterface, live *manifest.Object, unchanged bool) error {
	uid, background, tries := live.GetUID(), metav1.DeletePropagationBackground, 0
	conditions := &metav1.Preconditions{UID: &uid}
	if version := live.GetResourceVersion(); unchanged && version != "" {
		conditions.ResourceVersion = &version
	}
	err := c.retry(ctx, func() error {
		tries++
		return resource.Delete(ctx, live.GetName(), metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: conditions})
	})
	if err != nil && (tries == 1 || !apierrors.IsNotFound(err)) { // after a lost answer, it is the first try that has deleted it
		return err
	}
	return c.gone(ctx, resource, live)
}

// firstLook is the delay before the first poll, by which time the object is usually gone.
const firstLook = 50 * time.Millisecond

// gone waits until an object is gone. When the time is up, the error says what keeps it, by the last answer of the server.
func (c *Client) gone(ctx context.Context, resource dynamic.ResourceInterface, live *manifest.Object) error {
	for wait := firstLook; ; wait = min(2*wait, lockPoll) {
		now, err := c.get(ctx, resource, live.GetName())
		switch {
		case apierrors.IsNotFound(err) || err == nil && now.GetUID() != live.GetUID():
			return nil
		case err == nil:
			live = now
		}
		if ended := concurrent.Sleep(ctx, wait); ended != nil {
			if err != nil && !errors.Is(err, ended) {
				ended = errors.Join(ended, err)
			}
			return heldUp(ended, live)
		}
	}
}

// heldUp says what keeps an object that was deleted and is still there.
func heldUp(ended error, live *manifest.Object) error {
	var why []string
	if finalizers := live.GetFinalizers(); len(finalizers) > 0 {
		why = append(why, "its finalizers hold it: "+strings.Join(finalizers, ", ")+"; find out who should remove them")
	}
	for _, message := range remaining(live) {
		why = append(why, message+"; "+release(message)+", then run the same command again")
	}
	if len(why) == 0 {
		return ended
	}
	return fmt.Errorf("%w: %s", ended, strings.Join(why, "; "))
}
