package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// Remove carries out the removals, all of them at about the same time, and waits until the objects are gone. A namespace or
// a definition in which somebody else has something stays, unless it is named; the outcome says why. The error joins all
// failures.
func (c *Client) Remove(ctx context.Context, removals []changeset.Change, named changeset.Names) ([]report.Change, error) {
	changes, errs := account(removals, func(r changeset.Change) (report.Change, error) {
		change, err := c.removeOne(ctx, r, named)
		if err != nil {
			err = fmt.Errorf("remove %s: %w", r.ID, explain(err))
		}
		return change, err
	})
	return changes, errors.Join(errs...)
}

func (c *Client) removeOne(ctx context.Context, r changeset.Change, named changeset.Names) (report.Change, error) {
	change := report.Change{ID: r.ID, Action: report.Pruned, UID: r.Entry.UID, Before: r.Live}
	if r.Live == nil { // or never applied: its kind may be gone, too
		change.Notes = []string{fmt.Sprintf("%s was gone already", r.ID)}
		return change, nil
	}
	if !named.Has(r.ID) {
		reason, err := c.inUse(ctx, r.Live)
		if err != nil {
			return change, err
		}
		if reason != "" {
			change.Action, change.Notes = report.Kept, []string{fmt.Sprintf("kept: %s: %s", r.ID, reason)}
			return change, nil
		}
	}
	found := r.Entry
	found.Version = r.Live.GroupVersionKind().Version // the API server may no longer serve the recorded one
	return change, c.remove(ctx, c.resourceOf(found), r.Live)
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

// remove deletes an object, if it still is the one that was read, with what it owns, and waits until it is gone.
func (c *Client) remove(ctx context.Context, resource dynamic.ResourceInterface, live *manifest.Object) error {
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	err := c.retry(ctx, func() error {
		return resource.Delete(ctx, live.GetName(), metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}})
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // a conflict: another one of the same name
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
		if ended := sleep(ctx, wait); ended != nil {
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
