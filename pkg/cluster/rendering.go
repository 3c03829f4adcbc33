package cluster

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Rendering reads what is kept in a slot; nil where there is nothing.
func (c *Client) Rendering(ctx context.Context, slot string) (*inventory.Rendering, error) {
	o, err := c.get(ctx, c.in(core("secrets"), true, inventory.ID.Namespace), slot)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read Secret %s/%s: %w", inventory.ID.Namespace, slot, explain(err))
	}
	return inventory.ParseRendering(o)
}

// StoreRendering keeps a rendering in a slot, in the place of what is there. Where the API server does server-side apply that is a
// PATCH, since the right to create can be limited to the name then.
func (c *Client) StoreRendering(ctx context.Context, slot string, r *inventory.Rendering) error {
	o, err := r.Object(slot)
	if err != nil {
		return err
	}
	resource := c.in(core("secrets"), true, inventory.ID.Namespace)
	err = c.retry(ctx, func() error {
		if c.ServerSide() {
			_, err := resource.Apply(ctx, slot, o, metav1.ApplyOptions{FieldManager: FieldManager, Force: true})
			return err
		}
		_, err := resource.Update(ctx, o, metav1.UpdateOptions{FieldManager: FieldManager})
		if apierrors.IsNotFound(err) {
			_, err = resource.Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager})
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", manifest.IDOf(o), explain(err))
	}
	return nil
}

// forgetRenderings deletes what is kept in the slots.
func (c *Client) forgetRenderings(ctx context.Context) error {
	for _, slot := range inventory.Slots {
		err := c.retry(ctx, func() error {
			return c.in(core("secrets"), true, inventory.ID.Namespace).Delete(ctx, slot, metav1.DeleteOptions{})
		})
		if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsForbidden(err) {
			return fmt.Errorf("delete Secret %s/%s: %w", inventory.ID.Namespace, slot, explain(err))
		}
	}
	return nil
}
