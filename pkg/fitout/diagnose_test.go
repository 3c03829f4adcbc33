package fitout

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// patientCluster answers each diagnosis with what was prepared.
type patientCluster struct {
	Cluster
	asked int
}

func (p *patientCluster) Diagnose(context.Context, observed.EvidenceRequest) observed.Evidence {
	p.asked++
	return observed.Evidence{}
}

// sick is what is observed of a pod whose container waits for a reason.
func sick(reason string, restarts int32) observed.Snapshot {
	pod := &manifest.Object{Object: map[string]any{
		"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "x", "namespace": "a"}, "spec": map[string]any{"nodeName": "n"},
		"status": map[string]any{"phase": "Pending", "containerStatuses": []any{map[string]any{
			"name": "c", "restartCount": int64(restarts), "state": map[string]any{"waiting": map[string]any{"reason": reason, "message": "dial tcp: no such host"}},
			"lastState": map[string]any{"terminated": map[string]any{"exitCode": int64(1), "reason": "Error"}},
		}}},
	}}
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "n"}, Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: corev1.ConditionTrue}}}}
	return observed.Snapshot{Nodes: []corev1.Node{node}, Objects: map[manifest.ID]*manifest.Object{manifest.IDOf(pod): pod}}
}

// A wait ends early for a cause that does not pass, once it has been seen for its time without a break. Any cause is told,
// once, as soon as it is known: also that of a wait that goes on.
func TestHopeless(t *testing.T) {
	for name, test := range map[string]struct {
		seen func(second int) observed.Snapshot // what is observed
		ends int                                // second in which the wait ends; 0 if it does not within five minutes
		told string                             // second in which the cause is told, and how that begins
	}{
		"a configuration that is missing":  {func(int) observed.Snapshot { return sick("CreateContainerConfigError", 0) }, 20, "10 still waiting: Pod a/x: container-config: "},
		"a registry that is away for long": {func(int) observed.Snapshot { return sick("ErrImagePull", 0) }, 190, "10 still waiting: Pod a/x: image-unreachable: node n does not reach the registry of "},
		"a crash, the second":              {func(int) observed.Snapshot { return sick("CrashLoopBackOff", 2) }, 0, "10 still waiting: Pod a/x: crash-loop: "},
		"a crash, the third":               {func(int) observed.Snapshot { return sick("CrashLoopBackOff", 3) }, 20, "10 still waiting: Pod a/x: crash-loop: "},
		"a container on its way":           {func(int) observed.Snapshot { return sick("ContainerCreating", 0) }, 0, ""},
		"a cause that comes and goes": {func(second int) observed.Snapshot {
			if second/5%2 == 0 {
				return sick("CreateContainerConfigError", 0)
			}
			return sick("ContainerCreating", 0)
		}, 0, "10 still waiting: Pod a/x: container-config: "},
		"a registry that goes away after a minute": {func(second int) observed.Snapshot {
			if second < 60 {
				return sick("ContainerCreating", 0)
			}
			return sick("ErrImagePull", 0)
		}, 240, "60 still waiting: Pod a/x: image-unreachable: "},
	} {
		t.Run(name, func(t *testing.T) {
			cluster, start := &patientCluster{}, time.Now()
			var told []string
			second := 0
			d := newWaitDiagnoser(cluster, nil, start, func(text string) { told = append(told, fmt.Sprintf("%d %s", second, text)) })
			ended := 0
			for second = 1; second <= 300 && ended == 0; second++ {
				s := test.seen(second)
				var objects []*manifest.Object
				for _, o := range s.Objects {
					objects = append(objects, o)
				}
				if _, terminal := d.terminal(t.Context(), check.Gate(objects, s), s, start.Add(time.Duration(second)*time.Second)); terminal {
					ended = second
				}
			}
			if ended != test.ends {
				t.Errorf("the wait ended in second %d, not %d", ended, test.ends)
			}
			if want := test.told; (want == "") != (len(told) == 0) || want != "" && (len(told) != 1 || !strings.HasPrefix(told[0], want)) {
				t.Errorf("told %q, want %q once", told, want)
			}
			if cluster.asked > 60 {
				t.Errorf("asked %d times", cluster.asked)
			}
		})
	}
}

// What is good is not asked about.
func TestExplainGood(t *testing.T) {
	cluster := &patientCluster{}
	explain(t.Context(), cluster, nil, []check.Row{{Verdict: check.Good}, {Verdict: check.Pending}}, observed.Snapshot{})
	if cluster.asked > 0 {
		t.Error("a good cluster was asked why it is not")
	}
}

// A row keeps the digest of the last diagnosis until the next.
func TestRemembered(t *testing.T) {
	x, y := manifest.ID{Kind: "Pod", Name: "x"}, manifest.ID{Kind: "Pod", Name: "y"}
	last := []check.Row{{About: x, Digest: &check.Digest{Cause: "old"}}}
	got := remembered(last, []check.Row{{About: y}, {About: x}})
	if got[0].Digest != nil || got[1].Digest == nil {
		t.Errorf("%+v", got)
	}
	if got = remembered(last, []check.Row{{About: x, Digest: &check.Digest{Cause: "new"}}}); got[0].Digest.Cause != "new" {
		t.Errorf("%+v", got[0].Digest)
	}
}
