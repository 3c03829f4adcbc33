package observed

import (
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// ServiceSelector returns the labels by which a Service selects its pods.
func ServiceSelector(service *manifest.Object) map[string]string {
	selector, _, _ := unstructured.NestedStringMap(service.Object, "spec", "selector")
	return selector
}

// PodsBehind returns the pods that a Service selects; of none where there is no Service.
func (s Snapshot) PodsBehind(service *manifest.Object) []*corev1.Pod {
	if service == nil || len(ServiceSelector(service)) == 0 {
		return nil
	}
	return s.PodsMatching(service.GetNamespace(), &metav1.LabelSelector{MatchLabels: ServiceSelector(service)})
}

// ServiceOf returns the Service behind an aggregated API, or nil.
func (s Snapshot) ServiceOf(api *manifest.Object) *manifest.Object {
	namespace, _, _ := unstructured.NestedString(api.Object, "spec", "service", "namespace")
	name, _, _ := unstructured.NestedString(api.Object, "spec", "service", "name")
	return s.Objects[manifest.ID{Kind: "Service", Namespace: namespace, Name: name}]
}
