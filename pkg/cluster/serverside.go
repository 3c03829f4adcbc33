package cluster

import (
	"context"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
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
	err = retry(ctx, func() error {
		after, err = resource.Patch(ctx, o.GetName(), types.ApplyPatchType, body, options)
		return err
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
