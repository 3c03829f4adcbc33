package observed_test

import (
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
)

// A node that is not ready now and then is not out: each time it is given the whole time again.
func TestOutagesEnd(t *testing.T) {
	var outages observed.Outages
	node := corev1.Node{Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Reason: "KubeletNotReady"}}}}
	node.Name = "a"
	start := time.Now()
	for second := range 100 {
		node.Status.Conditions[0].Status = corev1.ConditionFalse
		if second == 30 {
			node.Status.Conditions[0].Status = corev1.ConditionTrue
		}
		out := outages.Out([]corev1.Node{node}, start.Add(time.Duration(second)*time.Second))
		if got, want := len(out) == 1, second >= 31+40; got != want {
			t.Fatalf("second %d: out is %t", second, got)
		}
	}
}
