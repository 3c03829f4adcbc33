package fitout

import (
	"encoding/json"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// InventoryName is the ConfigMap in kube-system that says what the cluster was fitted out with. It is written last, so
// that its digest is of something that was applied whole.
const InventoryName = "fitout-inventory"

// inventoryOf builds the inventory of a rendering.
func inventoryOf(r *render.Rendering, cluster clusterfile.Cluster) (*manifest.Object, error) {
	type entry struct {
		Version string `json:"version"`
		Digest  string `json:"digest"`
		Objects int    `json:"objects"`
	}
	addons := map[string]entry{}
	for _, a := range r.Addons {
		addons[a.Name] = entry{Version: a.Version, Digest: a.Digest, Objects: len(a.Objects)}
	}
	text, err := json.MarshalIndent(addons, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("inventory: %w", err)
	}
	return &manifest.Object{Object: map[string]any{
		"apiVersion": "v1",
		"kind":       "ConfigMap",
		"metadata": map[string]any{
			"name": InventoryName, "namespace": render.Namespace,
			"labels": map[string]any{render.LabelManagedBy: render.ManagedBy, render.LabelAddon: "fitout", render.LabelBundle: r.Bundle},
		},
		"data": map[string]any{
			"bundle": r.Bundle, "kubernetes": cluster.KubernetesVersion, "digest": r.Digest, "addons.json": string(text),
		},
	}}, nil
}
