package footprint

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	podresources "k8s.io/component-helpers/resource"
	"k8s.io/component-helpers/scheduling/corev1/nodeaffinity"
)

// counted are the resources that a footprint is about.
var counted = []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory}

// podMaker is what all kinds of workloads have in common.
type podMaker struct {
	Spec struct {
		Replicas    *int32                 `json:"replicas"`
		Parallelism *int32                 `json:"parallelism"`
		Template    corev1.PodTemplateSpec `json:"template"`
	} `json:"spec"`
}

// workloadOf reads an object that makes pods; makesPods is false for every other object.
func workloadOf(o *manifest.Object, node Node) (w Workload, makesPods bool, err error) {
	id := manifest.IDOf(o)
	switch id.Kind {
	case "DaemonSet", "Deployment", "StatefulSet", "ReplicaSet", "Job":
	case "Pod", "CronJob":
		return w, false, fmt.Errorf("%s: a footprint cannot count a %s; render a DaemonSet, a Deployment or a Job", id, id.Kind)
	default:
		return w, false, nil
	}
	var maker podMaker
	if err := manifest.Into(o.Object, &maker); err != nil {
		return w, false, fmt.Errorf("%s: its pod template cannot be read: %w; mend the chart or the patch", id, err)
	}
	pod := &corev1.Pod{Spec: maker.Spec.Template.Spec}
	defaultRequests(pod)
	w = Workload{
		Object: id, Runs: RunsOnce, Pods: count(maker.Spec.Replicas, maker.Spec.Parallelism), Containers: containersOf(pod),
		Requests: only(podresources.PodRequests(pod, podresources.PodResourcesOptions{})), Limits: limitsOf(pod),
	}
	if id.Kind == "DaemonSet" {
		w.Runs, w.Pods = OnEachNode, 1
		matches, err := nodeaffinity.GetRequiredNodeAffinity(pod).Match(node.asNode())
		if err != nil {
			return w, false, fmt.Errorf("%s: its node affinity: %w; mend the chart or the patch", id, err)
		}
		if !matches {
			w.Runs = Elsewhere
		}
	}
	return w, true, nil
}

// count is how many pods there are: one where nothing says it.
func count(given ...*int32) int {
	for _, n := range given {
		if n != nil {
			return int(*n)
		}
	}
	return 1
}

// defaultRequests does what the API server does (Kubernetes, pkg/apis/core/v1, SetDefaults_Pod): what a container limits
// and does not request, it requests to the amount of the limit.
func defaultRequests(pod *corev1.Pod) {
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			r := &list[i].Resources
			for name, limit := range r.Limits {
				if r.Requests == nil {
					r.Requests = corev1.ResourceList{}
				}
				if _, given := r.Requests[name]; !given {
					r.Requests[name] = limit.DeepCopy()
				}
			}
		}
	}
}

// limitsOf are the limits of a pod as a whole: it has none where one of its containers that go on running has none.
func limitsOf(pod *corev1.Pod) corev1.ResourceList {
	limits := only(podresources.PodLimits(pod, podresources.PodResourcesOptions{}))
	for _, c := range containersOf(pod) {
		for _, name := range counted {
			if _, limited := c.Limits[name]; !limited && !c.Init {
				delete(limits, name)
			}
		}
	}
	return limits
}

// containersOf lists a pod's containers in the order in which they start.
func containersOf(pod *corev1.Pod) []Container {
	var all []Container
	for _, c := range pod.Spec.InitContainers {
		sidecar := c.RestartPolicy != nil && *c.RestartPolicy == corev1.ContainerRestartPolicyAlways
		all = append(all, containerOf(c, !sidecar))
	}
	for _, c := range pod.Spec.Containers {
		all = append(all, containerOf(c, false))
	}
	return all
}

func containerOf(c corev1.Container, init bool) Container {
	return Container{Name: c.Name, Init: init, Requests: only(c.Resources.Requests), Limits: only(c.Resources.Limits)}
}

// only is the part of a list that is counted. Quantities are written anew, so that 1000m and 1 print the same.
func only(list corev1.ResourceList) corev1.ResourceList {
	out := corev1.ResourceList{}
	for _, name := range counted {
		if q, ok := list[name]; ok {
			if name == corev1.ResourceCPU {
				out[name] = *resource.NewMilliQuantity(q.MilliValue(), resource.DecimalSI)
			} else {
				out[name] = *resource.NewQuantity(q.Value(), resource.BinarySI)
			}
		}
	}
	return out
}
