package upgrade

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// counted are the resources of which a node must have enough for one more pod.
var counted = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory, corev1.ResourcePods}

// NoRoom says for which of the workloads no node has room for one more pod, one line each. They start a new pod before an old one
// ends, so that their rollout would wait for ever. s has all pods of the cluster.
func NoRoom(workloads []*manifest.Object, s observed.Snapshot) []string {
	s = s.Indexed()
	free := freeOf(s)
	var lines []string
	for _, o := range workloads {
		template, err := observed.WorkloadOf(o)
		if err != nil {
			continue
		}
		wants := resourcehelper.PodRequests(&corev1.Pod{Spec: template.Spec}, resourcehelper.PodResourcesOptions{})
		wants[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
		nodes, _ := s.FittingNodes(template.Spec, template.Spec.Tolerations)
		fits := false
		for _, n := range nodes {
			ready, _ := observed.NodeReady(n)
			fits = fits || ready && !n.Spec.Unschedulable && enough(free[n.Name], wants)
		}
		if !fits && len(s.Nodes) > 0 {
			lines = append(lines, fmt.Sprintf("no node has room for one more pod of %s (%s): its new pod has to start before an old one ends; add a node, or make room", manifest.IDOf(o), told(wants)))
		}
	}
	return lines
}

// freeOf is what nodes have left after all requests of the pods on them.
func freeOf(s observed.Snapshot) map[string]corev1.ResourceList {
	free := map[string]corev1.ResourceList{}
	for _, n := range s.Nodes {
		free[n.Name] = n.Status.Allocatable.DeepCopy()
	}
	for i := range s.Pods {
		p := &s.Pods[i]
		left := free[p.Spec.NodeName]
		if left == nil || p.Status.Phase == corev1.PodSucceeded || p.Status.Phase == corev1.PodFailed {
			continue
		}
		wants := resourcehelper.PodRequests(p, resourcehelper.PodResourcesOptions{})
		wants[corev1.ResourcePods] = *resource.NewQuantity(1, resource.DecimalSI)
		for _, name := range counted {
			q := left[name]
			q.Sub(wants[name])
			left[name] = q
		}
	}
	return free
}

// enough reports whether as much is free as is wanted. What a node does not tell of it has enough of.
func enough(free, wants corev1.ResourceList) bool {
	for _, name := range counted {
		if has, tells := free[name]; tells && has.Cmp(wants[name]) < 0 {
			return false
		}
	}
	return true
}

func told(wants corev1.ResourceList) string {
	var parts []string
	for _, name := range counted[:2] {
		if q := wants[name]; !q.IsZero() {
			parts = append(parts, fmt.Sprintf("%s %s", name, q.String()))
		}
	}
	if len(parts) == 0 {
		return "which requests nothing"
	}
	return "which requests " + strings.Join(parts, ", ")
}
