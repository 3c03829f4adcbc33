package observed

import (
	"github.com/fitout-dev/fitout/pkg/manifest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// MakesPods reports whether an object is of a kind that pods are created for.
func MakesPods(o *manifest.Object) bool {
	return manifest.PodSpecPath(o.GetKind()) != nil && o.GetKind() != "Pod"
}

// Replicas returns how many replicas a workload asks for; the API server's default is 1.
func Replicas(o *manifest.Object) int64 {
	n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !found {
		return 1
	}
	return n
}

// Workload is the part of a workload that the judge reads.
type Workload struct {
	corev1.PodTemplateSpec
	Selector *metav1.LabelSelector
}

// WorkloadOf returns the pod template and selector of a workload.
func WorkloadOf(o *manifest.Object) (Workload, error) {
	var d appsv1.Deployment // selector and template are alike in all kinds of workloads
	spec, _, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil {
		return Workload{}, err
	}
	only := map[string]any{"spec": map[string]any{"selector": spec["selector"], "template": spec["template"]}}
	if err := manifest.Into(only, &d); err != nil {
		return Workload{}, err
	}
	return Workload{PodTemplateSpec: d.Spec.Template, Selector: d.Spec.Selector}, nil
}
