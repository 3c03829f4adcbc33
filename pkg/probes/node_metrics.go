package probes

import (
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

var _ = register(Probe{
	Name: "node-metrics", Where: FromAPI,
	Judge:   Survey.nodeMetrics,
	RestsOn: []dependency{probedObjects},
})

const freshMetrics = time.Minute

// nodeMetrics compares times of the cluster's own clocks, where metrics-server tells when it answered.
func (s Survey) nodeMetrics(t probePlan) apiResult {
	nodes, _ := s.probeNodes()
	switch {
	case s.MetricsError == "" || len(nodes) == 0:
	case s.OnlyControlPlane():
		return apiResult{verdict: check.Pending, detail: "waits for worker nodes"}
	default:
		return apiResult{verdict: check.Failed, remedy: t.Usually, detail: "the API answers no metrics: " + printable.Short(s.MetricsError)}
	}
	metrics := byName(s.NodeMetrics)
	return s.onNodes(t, nodes, "have metrics younger than a minute", func(n *corev1.Node) string {
		of := metrics[n.Name]
		if of == nil {
			return "has none"
		}
		text, _, _ := unstructured.NestedString(of.Object, "timestamp")
		taken, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Sprintf("has metrics without a time (%q)", text)
		}
		now := of.GetCreationTimestamp().Time
		if now.IsZero() {
			now = s.Now
		}
		if age := now.Sub(taken); age > freshMetrics {
			return fmt.Sprintf("has metrics that are %s old", age.Round(time.Second))
		}
		return ""
	})
}
