package cluster

import (
	"context"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// strict makes the server refuse unknown and duplicate fields; servers before 1.25 ignore it.
const strict = metav1.FieldValidationStrict

// serverSide applies an object in one request by server-side apply.
func (c *Client) serverSide(ctx context.Context, resource dynamic.ResourceInterface, o, before *manifest.Object) (report.Action, error) {
	body, err := o.MarshalJSON()
	if err != nil {
		return "", err
	}
	options := metav1.PatchOptions{FieldManager: FieldManager, Force: &c.ForceConflicts, FieldValidation: strict, DryRun: c.dryRun()}
	var after *manifest.Object
	err = c.retry(ctx, func() error {
		if after, err = resource.Patch(ctx, o.GetName(), types.ApplyPatchType, body, options); err != nil {
			return raced(err)
		}
		return c.stays(after)
	})
	if err != nil {
		return "", err
	}
	return actionOf(before, after, o), nil
}

func (c *Client) dryRun() []string {
	if c.DryRun {
		return []string{metav1.DryRunAll}
	}
	return nil
}

// A racedError is a write that met another one of the same object at the same moment: that of a try which the client had
// given up, for one. It says nothing of who owns what.
type racedError struct{ error }

func (e racedError) Unwrap() error { return e.error }

func raced(err error) error {
	if apierrors.IsAlreadyExists(err) || apierrors.IsConflict(err) && !apierrors.HasStatusCause(err, metav1.CauseTypeFieldManagerConflict) {
		return racedError{err}
	}
	return err
}
