package cluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// Remove deletes recorded objects, all of them at about the same time, and waits until they are gone. What somebody else
// has taken over stays, and so do namespaces and definitions that somebody uses, unless they are named; the change says
// why. The error joins all failures.
func (c *Client) Remove(ctx context.Context, entries []inventory.Entry, named inventory.Names) ([]report.Change, error) {
	changes, errs := account(entries, func(e inventory.Entry) (report.Change, error) {
		change, err := c.removeEntry(ctx, e, named)
		if err != nil {
			err = fmt.Errorf("remove %s: %w", e.ID, explain(err))
		}
		return change, err
	})
	return changes, errors.Join(errs...)
}

// removeEntry removes one recorded object, unless it is to stay.
func (c *Client) removeEntry(ctx context.Context, e inventory.Entry, named inventory.Names) (report.Change, error) {
	change := report.Change{ID: e.ID, Action: report.Pruned, UID: e.UID}
	live, err := c.get(ctx, c.resourceOf(e), e.Name)
	if apierrors.IsNotFound(err) { // gone already, or never applied: its kind may be gone too
		return change, nil
	}
	if err != nil {
		return change, err
	}
	change.Before = live
	reason := takenOver(e, live)
	if reason == "" && !c.DryRun && !named.Has(e.ID) {
		if reason, err = c.inUse(ctx, live); err != nil {
			return change, err
		}
	}
	if reason != "" {
		change.Action, change.Notes = report.Kept, []string{fmt.Sprintf("kept: %s: %s", e.ID, reason)}
		return change, nil
	}
	if c.DryRun {
		return change, nil
	}
	return change, c.remove(ctx, e, live)
}

// takenOver tells why a live object is no longer Fitout's; it is empty while it is.
func takenOver(e inventory.Entry, live *manifest.Object) string {
	release := live.GetAnnotations()["meta.helm.sh/release-name"]
	switch {
	case e.UID != "" && e.UID != live.GetUID():
		return "somebody has deleted it and created it again"
	case live.GetLabels()[render.LabelAddon] != e.Addon || live.GetLabels()[render.LabelManagedBy] != render.ManagedBy:
		return fmt.Sprintf("it no longer has the labels %s=%s and %s=%s", render.LabelAddon, e.Addon, render.LabelManagedBy, render.ManagedBy)
	case release != "":
		return fmt.Sprintf("it belongs to the Helm release %s", release)
	case len(live.GetOwnerReferences()) > 0:
		owner := live.GetOwnerReferences()[0]
		return fmt.Sprintf("it is owned by %s %s", owner.Kind, owner.Name)
	}
	return ""
}

func (c *Client) resourceOf(e inventory.Entry) dynamic.ResourceInterface {
	return c.in(schema.GroupVersionResource{Group: e.Group, Version: e.Version, Resource: e.Resource}, e.Namespace != "", e.Namespace)
}

// remove deletes an object, if it still is the one that was looked at, with what it owns, and waits until it is gone.
func (c *Client) remove(ctx context.Context, e inventory.Entry, live *manifest.Object) error {
	uid, background := live.GetUID(), metav1.DeletePropagationBackground
	err := c.retry(ctx, func() error {
		return c.resourceOf(e).Delete(ctx, e.Name, metav1.DeleteOptions{PropagationPolicy: &background, Preconditions: &metav1.Preconditions{UID: &uid}})
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // a conflict: another one of the same name
		return err
	}
	return c.gone(ctx, e, uid)
}

// firstLook is how soon after a request the first look is, which is often enough.
const firstLook = 50 * time.Millisecond

// gone waits until the object with a UID is gone. When the time is up, the error says what keeps it.
func (c *Client) gone(ctx context.Context, e inventory.Entry, uid types.UID) error {
	for wait := firstLook; ; wait = min(2*wait, lockPoll) {
		live, err := c.get(ctx, c.resourceOf(e), e.Name)
		if apierrors.IsNotFound(err) || err == nil && live.GetUID() != uid {
			return nil
		}
		if ended := sleep(ctx, wait); ended != nil {
			if err == nil && len(live.GetFinalizers()) > 0 {
				return fmt.Errorf("%w while it waits for its finalizers %s; find out what should remove them", ended, strings.Join(live.GetFinalizers(), ", "))
			}
			return errors.Join(ended, err)
		}
	}
}
