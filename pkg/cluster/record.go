package cluster

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Inventory reads the record of what Fitout has put into the cluster; nil where there is none.
func (c *Client) Inventory(ctx context.Context) (*inventory.Inventory, error) {
	o, err := c.get(ctx, c.in(core("configmaps"), true, inventory.ID.Namespace), inventory.Name)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("read the inventory %s: %w", inventory.ID, explain(err))
	}
	return inventory.Parse(o)
}

// Record writes the record, unless somebody else has written it since it was read, and sets its resource version.
func (c *Client) Record(ctx context.Context, i *inventory.Inventory) error {
	o, err := i.Object()
	if err != nil {
		return err
	}
	resource := c.in(core("configmaps"), true, inventory.ID.Namespace)
	var written *manifest.Object
	err = c.retry(ctx, func() error {
		if i.ResourceVersion == "" {
			written, err = resource.Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager})
		} else {
			written, err = resource.Update(ctx, o, metav1.UpdateOptions{FieldManager: FieldManager})
		}
		return err
	})
	if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) { // the answer to a first try may have been lost
		now, readErr := c.Inventory(ctx)
		if readErr == nil && now != nil && now.Same(i) {
			i.ResourceVersion = now.ResourceVersion
			return nil
		}
	}
	if err != nil {
		return fmt.Errorf("write the inventory %s: %w", inventory.ID, explain(err))
	}
	i.ResourceVersion = written.GetResourceVersion()
	return nil
}

// Forget deletes the record, unless somebody else has written it since it was read.
func (c *Client) Forget(ctx context.Context, i *inventory.Inventory) error {
	err := c.retry(ctx, func() error {
		return c.in(core("configmaps"), true, inventory.ID.Namespace).Delete(ctx, inventory.Name,
			metav1.DeleteOptions{Preconditions: &metav1.Preconditions{ResourceVersion: &i.ResourceVersion}})
	})
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("delete the inventory %s: %w", inventory.ID, explain(err))
	}
	return c.forgetRenderings(ctx)
}
