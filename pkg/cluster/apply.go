package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
)

// Apply makes the live objects what the given ones say, all of them at about the same time, and tells what it did to
// each. An object that fails does not keep the others from being applied; the error joins all failures. An object that
// somebody else owns fields of makes it a ConflictError, unless Options.ForceConflicts is set.
func (c *Client) Apply(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) ([]report.Change, error) {
	collections, err := own(kinds, objects)
	if err != nil {
		return nil, err
	}
	before, err := c.list(ctx, collections)
	if err != nil {
		return nil, err
	}
	apply := c.threeWay
	if c.atLeast(serverSideApplyFrom) {
		apply = c.serverSide
	}
	type outcome struct {
		change report.Change
		err    error
	}
	outcomes := each(objects, func(o *manifest.Object) outcome {
		id := manifest.IDOf(o)
		resource, err := c.resource(kinds, o)
		if err != nil {
			return outcome{report.Change{ID: id, Action: report.Failed, Error: err.Error()}, err}
		}
		action, err := apply(ctx, resource, o, before[id])
		if err != nil {
			err = fmt.Errorf("apply %s: %w", id, explain(err))
			return outcome{report.Change{ID: id, Action: report.Failed, Error: err.Error()}, err}
		}
		return outcome{report.Change{ID: id, Action: action}, nil}
	})
	changes := make([]report.Change, len(outcomes))
	errs := make([]error, len(outcomes))
	for i, o := range outcomes {
		changes[i], errs[i] = o.change, o.err
	}
	return changes, errors.Join(errs...)
}

// A ConflictError says that another manager owns a field that Fitout sets.
type ConflictError struct{ cause error }

func (e *ConflictError) Error() string {
	return e.cause.Error() + "; run again with --force-conflicts to take the fields over"
}

func (e *ConflictError) Unwrap() error { return e.cause }

// explain gives API errors the remedy that they lack.
func explain(err error) error {
	switch {
	case apierrors.IsConflict(err):
		return &ConflictError{err}
	case apierrors.IsForbidden(err):
		return fmt.Errorf("%w; give the user of the kubeconfig this right", err)
	case apierrors.IsUnauthorized(err):
		return fmt.Errorf("%w; renew the credentials of the kubeconfig", err)
	}
	return err
}

// actionOf tells what a write did, from the object before it (nil where there was none) and after it. The resource
// version alone would count a controller's status update in between as a change of ours.
func actionOf(before, after, rendered *manifest.Object) report.Action {
	switch {
	case before == nil:
		return report.Created
	case before.GetResourceVersion() == after.GetResourceVersion():
		return report.Unchanged
	case before.GetUID() != after.GetUID() || before.GetGeneration() != after.GetGeneration():
		return report.Configured
	case before.GetGeneration() > 0 && sameMetadata(before, after, rendered):
		return report.Unchanged
	}
	return report.Configured
}

// sameMetadata compares the labels and annotations that Fitout sets.
func sameMetadata(before, after, rendered *manifest.Object) bool {
	return maps.Equal(only(before.GetLabels(), rendered.GetLabels()), only(after.GetLabels(), rendered.GetLabels())) &&
		maps.Equal(only(before.GetAnnotations(), rendered.GetAnnotations()), only(after.GetAnnotations(), rendered.GetAnnotations()))
}

func only(m, keys map[string]string) map[string]string {
	out := map[string]string{}
	for k := range keys {
		if v, ok := m[k]; ok {
			out[k] = v
		}
	}
	return out
}
