package cluster

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/inventory"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/sets"
	"k8s.io/client-go/util/csaupgrade"
)

// inherit makes the fields that installers own Fitout's, so that those that are not wanted go when the object is applied.
func (c *Client) inherit(ctx context.Context, t task) error {
	if t.live == nil || c.DryRun {
		return nil
	}
	upgraded, names := t.live.DeepCopy(), sets.New[string]()
	entries := upgraded.GetManagedFields()
	for i, e := range entries {
		if inventory.IsInstaller(e) {
			entries[i].Operation = metav1.ManagedFieldsOperationUpdate // what csaupgrade looks for
			names.Insert(e.Manager)
		}
	}
	upgraded.SetManagedFields(entries)
	patch, err := csaupgrade.UpgradeManagedFieldsPatch(upgraded, names, FieldManager)
	if err != nil || len(patch) == 0 {
		return err
	}
	err = c.retry(ctx, func() error {
		_, err := c.at(t).Patch(ctx, t.wanted.GetName(), types.JSONPatchType, patch, metav1.PatchOptions{FieldManager: FieldManager})
		return err
	})
	if err != nil {
		return fmt.Errorf("take over its fields: %w", err)
	}
	return nil
}
