package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// Backing judges whether rendered Services have a ready pod behind them, and returns a row for each that has none. One
// without a selector has its pods from elsewhere, and is not judged.
func Backing(services []*manifest.Object, s Snapshot) []Row {
	s = s.Indexed()
	var rows []Row
	for _, o := range services {
		if len(ServiceSelector(o)) == 0 || slices.ContainsFunc(s.PodsBehind(o), PodReady) {
			continue
		}
		rows = append(rows, Row{Check: Ready, Verdict: Failed, About: manifest.IDOf(o),
			Detail: manifest.IDOf(o).String() + " has no ready pod behind it", Remedy: "look at the selector of the Service"})
	}
	return rows
}

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
