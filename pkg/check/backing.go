package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
)

// Backing judges whether rendered Services have a ready pod behind them, and returns a row for each that has none. One
// without a selector has its pods from elsewhere, and is not judged.
func Backing(services []*manifest.Object, s Snapshot) []Row {
	var rows []Row
	for _, o := range services {
		selector, _, _ := unstructured.NestedStringMap(o.Object, "spec", "selector")
		if len(selector) == 0 || slices.ContainsFunc(s.Pods, func(p corev1.Pod) bool {
			return p.Namespace == o.GetNamespace() && labels.SelectorFromSet(selector).Matches(labels.Set(p.Labels)) && serves(p)
		}) {
			continue
		}
		rows = append(rows, Row{Check: Ready, Verdict: Failed, About: manifest.IDOf(o),
			Detail: manifest.IDOf(o).String() + " has no ready pod behind it", Remedy: "look at the selector of the Service"})
	}
	return rows
}

// serves tells a pod that a Service leads to.
func serves(p corev1.Pod) bool {
	return p.DeletionTimestamp == nil && slices.ContainsFunc(p.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}
