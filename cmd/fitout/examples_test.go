package main

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
)

// The example catalogues render, are valid for the API of their Kubernetes version, and do what their page says.
func TestExampleCatalogues(t *testing.T) {
	example := func(dir string, settings clusterfile.Cluster) *fitout.Plan {
		t.Helper()
		settings.KubernetesVersion = "1.36"
		plan, err := planFrom("../../docs/examples/"+dir, settings)
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	has := func(p *fitout.Plan, id string) bool {
		return slices.ContainsFunc(p.Rendering.Objects(), func(o *manifest.Object) bool { return manifest.IDOf(o).String() == id })
	}
	waveOf := func(p *fitout.Plan, id string) int {
		for i, w := range p.Waves {
			for _, o := range w.Objects {
				if manifest.IDOf(o).String() == id {
					return i
				}
			}
		}
		return -1
	}
	const controller, autoscaler = "Deployment kube-system/scaleway-cloud-controller-manager", "Deployment kube-system/cluster-autoscaler"
	inside := example("scaleway-in-cluster", clusterfile.Cluster{ControlPlane: clusterfile.InCluster})
	if c, a := waveOf(inside, controller), waveOf(inside, autoscaler); c < 0 || a <= c {
		t.Errorf("the controller is in wave %d, the autoscaler in wave %d", c, a)
	}
	if managed := example("scaleway-in-cluster", clusterfile.Cluster{}); has(managed, controller) || has(managed, autoscaler) {
		t.Error("a managed control plane has its own")
	}

	other := example("other-cloud", clusterfile.Cluster{CNI: "flannel"})
	if other.Cluster.CSI != "hcloud-csi" || !has(other, "StorageClass hcloud-volumes") || has(other, "StorageClass scw-bssd") {
		t.Errorf("CSI driver %s", other.Cluster.CSI)
	}
	images := map[string]bool{}
	for _, i := range other.Rendering.Images() {
		images[i.Reference.String()] = true
	}
	for _, want := range []string{"registry.example.org/flannel/flannel:v0.28.10", "docker.io/hetznercloud/hcloud-csi-driver:v2.18.0"} {
		if !images[want] {
			t.Errorf("%s is not among %v", want, images)
		}
	}
}
