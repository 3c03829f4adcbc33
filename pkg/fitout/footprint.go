package fitout

import (
	"github.com/fitout-dev/fitout/pkg/footprint"
	corev1 "k8s.io/api/core/v1"
)

// footprint is what the addons request of the cluster's nodes, against the one with the least memory; nil where there is
// none that tells what pods may request, or where a workload cannot be read, of which the check ready tells.
func (p *Plan) footprint(nodes []corev1.Node) *footprint.Footprint {
	var least *corev1.Node
	for i, n := range nodes {
		if n.Status.Allocatable.Cpu().IsZero() || n.Status.Allocatable.Memory().IsZero() {
			continue
		}
		if least == nil || n.Status.Allocatable.Memory().Cmp(*least.Status.Allocatable.Memory()) < 0 {
			least = &nodes[i]
		}
	}
	if least == nil {
		return nil
	}
	f, err := footprint.Of(p.Rendering, footprint.Node{
		Size: least.Name, Architecture: least.Labels[corev1.LabelArchStable],
		Capacity: least.Status.Capacity, Allocatable: least.Status.Allocatable,
	}, len(nodes))
	if err != nil {
		return nil
	}
	return f
}
