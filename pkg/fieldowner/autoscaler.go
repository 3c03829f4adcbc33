package fieldowner

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Autoscaler returns the manager that sets the number of replicas of a live object from case to case: the controller manager for a
// HorizontalPodAutoscaler, or an autoscaler of its own. It is empty if there is none, or where the server does not keep who set the
// number through the subresource scale (before Kubernetes 1.22).
func Autoscaler(live *manifest.Object) string {
	for _, e := range live.GetManagedFields() {
		set, err := setOf(e)
		if err != nil || !set.Has(fieldpath.MakePathOrDie("spec", "replicas")) {
			continue
		}
		if e.Manager == "kube-controller-manager" || strings.Contains(strings.ToLower(e.Manager), "autoscaler") {
			return e.Manager
		}
	}
	return ""
}
