package probes

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

var _ = register(Probe{
	Name: "node-conditions", Where: FromAPI, Fields: []string{"conditions"},
	Judge:   Survey.nodeConditions,
	RestsOn: []dependency{probedObjects},
})

// staleCondition is three times the longest time after which node-problem-detector reports again (5 minutes).
const staleCondition = 15 * time.Minute

func (s Survey) nodeConditions(t probePlan) apiResult {
	return s.onNodes(t, t.nodes(s), fmt.Sprintf("have no problem of %v", t.Conditions), func(n *corev1.Node) string {
		for _, kind := range t.Conditions {
			i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return string(c.Type) == kind })
			if i < 0 {
				return "has no condition " + kind
			}
			c := n.Status.Conditions[i]
			if c.Status != corev1.ConditionFalse {
				return fmt.Sprintf("has %s %s (%s: %s)", kind, c.Status, c.Reason, printable.Short(c.Message))
			}
			if age := s.Now.Sub(c.LastHeartbeatTime.Time); age > staleCondition {
				return fmt.Sprintf("has %s as it was %s ago", kind, age.Round(time.Minute))
			}
		}
		return ""
	})
}
