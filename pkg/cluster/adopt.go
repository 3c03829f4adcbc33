package cluster

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// inherit makes the fields that installers own Fitout's, so that those that are not wanted go when the object is applied.
func (c *Client) inherit(ctx context.Context, t task) error {
	if t.Live == nil || t.dryRun {
		return nil
	}
	const tries = 5 // controllers write the status of the object at the same time
	for try := 1; ; try++ {
		err := c.transfer(ctx, t)
		if !apierrors.IsConflict(err) || try == tries {
			return err
		}
		if t.Live, err = c.get(ctx, c.at(t), t.ID.Name); err != nil {
			return err
		}
	}
}

// transfer writes the managed fields of the live object as they are once Fitout has taken over those of installers.
func (c *Client) transfer(ctx context.Context, t task) error {
	fields, changed, err := fieldowner.Inherit(t.Wanted, t.Live)
	if err != nil || !changed {
		return err
	}
	patch, err := json.Marshal([]map[string]any{
		{"op": "add", "path": "/metadata/managedFields", "value": fields},
		{"op": "replace", "path": "/metadata/resourceVersion", "value": t.Live.GetResourceVersion()},
	})
	if err != nil {
		return err
	}
	err = c.retry(ctx, func() error {
		_, err := c.at(t).Patch(ctx, t.ID.Name, types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
		return err
	})
	if err != nil {
		return fmt.Errorf("take over its fields: %w", err)
	}
	return nil
}
