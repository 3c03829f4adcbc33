package probes_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probes"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Who asks for probes is told that none can run, also where nobody else would expect any.
func TestRequiredProbePodsFailWhereNoneCanRun(t *testing.T) {
	simulated := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "node-1", Annotations: map[string]string{observed.SimulatedAnnotation: "fake"}}}
	survey := probes.Survey{}
	survey.Nodes = []corev1.Node{simulated}
	survey.Environment = probes.Environment{NoPods: "no node runs probe pods: node-1 is simulated", Declined: true}
	if row := survey.JudgePods(true); row.Verdict != check.Failed || row.Remedy == "" {
		t.Errorf("required: %+v", row)
	}
	if row := survey.JudgePods(false); row.Verdict != check.Skipped {
		t.Errorf("not required: %+v", row)
	}
}
