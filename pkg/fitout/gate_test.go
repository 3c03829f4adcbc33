package fitout_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// nodesOf is a cluster in memory with nodes, each with a Ready condition, that run the pods of a DaemonSet unless it is
// said why not.
type nodesOf struct {
	*memory
	nodes  map[string]corev1.NodeCondition
	broken map[string]string // reason for which the container of a node waits
}

func (c *nodesOf) Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (observed.Snapshot, error) {
	s, err := c.memory.Observe(ctx, kinds, objects)
	for name, condition := range c.nodes {
		condition.Type = corev1.NodeReady
		s.Nodes = append(s.Nodes, corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}, Status: corev1.NodeStatus{Conditions: []corev1.NodeCondition{condition}}})
	}
	for _, o := range s.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		ready := int64(0)
		for _, n := range s.Nodes {
			p := c.pod(o, n)
			if p.Status.Conditions[0].Status == corev1.ConditionTrue {
				ready++
			}
			s.Pods = append(s.Pods, p)
		}
		all := int64(len(s.Nodes))
		o.SetGeneration(1)
		o.Object["status"] = map[string]any{"observedGeneration": int64(1), "desiredNumberScheduled": all, "currentNumberScheduled": all,
			"updatedNumberScheduled": all, "numberAvailable": ready, "numberReady": ready}
	}
	return s, err
}

func (c *nodesOf) pod(o *manifest.Object, n corev1.Node) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: o.GetName() + "-" + n.Name, Namespace: o.GetNamespace(), Labels: map[string]string{"app": o.GetName()}}}
	p.Spec.NodeName = n.Name
	ready := corev1.PodCondition{Type: corev1.PodReady, Status: n.Status.Conditions[0].Status}
	if reason := c.broken[n.Name]; reason != "" {
		ready.Status = corev1.ConditionFalse
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "c", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason}}}}
	}
	p.Status.Conditions = []corev1.PodCondition{ready}
	return p
}

func daemonSet(addon string) []*manifest.Object {
	labels := map[string]any{"app": addon}
	return []*manifest.Object{{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet",
		"metadata": map[string]any{"name": addon, "namespace": "kube-system", "labels": map[string]any{render.LabelAddon: addon, render.LabelManagedBy: render.ManagedBy}},
		"spec":     map[string]any{"selector": map[string]any{"matchLabels": labels}, "template": map[string]any{"metadata": map[string]any{"labels": labels}}},
	}}}
}

// notes keeps what a run notes.
type notes struct {
	fitout.Silent
	lines []string
}

func (n *notes) Note(text string) { n.lines = append(n.lines, text) }

var (
	live       = corev1.NodeCondition{Status: corev1.ConditionTrue}
	unheard    = corev1.NodeCondition{Status: corev1.ConditionUnknown, Reason: "NodeStatusUnknown", Message: "Kubelet stopped posting node status."}
	runtimeOff = corev1.NodeCondition{Status: corev1.ConditionFalse, Reason: "KubeletNotReady", Message: "container runtime is down"}
	unwired    = corev1.NodeCondition{Status: corev1.ConditionFalse, Reason: "KubeletNotReady", Message: "container runtime network not ready: cni plugin not initialized"}
)

// Nodes that do not take part hold no gate: what comes next reaches the others, and the run ends as degraded.
func TestGateWithoutNodes(t *testing.T) {
	for name, test := range map[string]struct {
		nodes   map[string]corev1.NodeCondition
		broken  map[string]string
		options fitout.Options
		verdict check.Verdict
		took    time.Duration // at most, and half of it at least
		notes   []string
		err     string
	}{
		"all is well": {nodes: map[string]corev1.NodeCondition{"a": live, "b": live}, verdict: check.Good},
		"two of three nodes are dead": {nodes: map[string]corev1.NodeCondition{"a": live, "b": unheard, "c": unheard}, verdict: check.Degraded, notes: []string{
			"going on without node b, which is not ready: NodeStatusUnknown: Kubelet stopped posting node status.; run fitout up again once it is ready or deleted",
			"going on without node c, which is not ready: NodeStatusUnknown: Kubelet stopped posting node status.; run fitout up again once it is ready or deleted",
			"wave net goes on without all of DaemonSet kube-system/net 1/3,", "wave dns goes on without all of DaemonSet kube-system/dns 1/3,"}},
		"a runtime is down": {nodes: map[string]corev1.NodeCondition{"a": live, "b": runtimeOff}, verdict: check.Degraded, took: time.Minute, notes: []string{
			"still waiting: DaemonSet kube-system/net: node-runtime: ",
			"going on without node b, which is not ready: KubeletNotReady: container runtime is down; run fitout up again once it is ready or deleted",
			"wave net goes on without all of DaemonSet kube-system/net 1/2,", "wave dns goes on without all of DaemonSet kube-system/dns 1/2,"}},
		"every node is dead": {nodes: map[string]corev1.NodeCondition{"a": unheard}, verdict: check.Failed, took: 10 * time.Minute,
			err: "wave net: not ready in time: DaemonSet kube-system/net 0/1, pod net-a: is on node a, which is not ready", notes: []string{"still waiting: DaemonSet kube-system/net: node-stopped: "}},
		"no node has a network": {nodes: map[string]corev1.NodeCondition{"a": unwired, "b": unwired}, verdict: check.Failed, took: 10 * time.Minute,
			err: "wave net: not ready in time: DaemonSet kube-system/net 0/2", notes: []string{"still waiting: DaemonSet kube-system/net: cni-not-ready: "}},
		"an image is broken on a node that lives, and another node is dead": {nodes: map[string]corev1.NodeCondition{"a": live, "b": unheard, "c": live}, broken: map[string]string{"c": "InvalidImageName"},
			verdict: check.Failed, took: time.Minute, err: "wave net: will not become ready: DaemonSet kube-system/net 1/3", notes: []string{"still waiting: DaemonSet kube-system/net: "}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster, told, start := &nodesOf{newMemory(), test.nodes, test.broken}, &notes{}, time.Now()
				test.options.Timing = fitout.DefaultTiming
				r, err := fitout.Apply(t.Context(), cluster, planOf(t, daemonSet("net"), daemonSet("dns")), test.options, told)
				if test.err == "" && err != nil || test.err != "" && !strings.Contains(fmt.Sprint(err), test.err) {
					t.Errorf("error %v, want %q", err, test.err)
				}
				if r.Verdict != test.verdict {
					t.Errorf("verdict %s, want %s", r.Verdict, test.verdict)
				}
				if took := time.Since(start); took > test.took || took < test.took/4 {
					t.Errorf("took %s", took)
				}
				if !slices.EqualFunc(told.lines, test.notes, strings.HasPrefix) {
					t.Errorf("notes:\n%s", strings.Join(told.lines, "\n"))
				}
				if got, want := without(r), strings.Join(test.notes, "\n"); strings.Contains(want, "goes on without") != (got == "net dns") {
					t.Errorf("waves that went on without something: %q", got)
				}
			})
		})
	}
}

// without names the waves that went on before all was ready.
func without(r *report.Report) string {
	var names []string
	for _, w := range r.Waves {
		if len(w.Without) > 0 {
			names = append(names, w.Name)
		}
	}
	return strings.Join(names, " ")
}

// The next run finds a node that is back, and is good.
func TestGateNodeIsBack(t *testing.T) {
	cluster := &nodesOf{memory: newMemory(), nodes: map[string]corev1.NodeCondition{"a": live, "b": unheard}}
	for _, want := range []check.Verdict{check.Degraded, check.Good} {
		r, err := fitout.Apply(t.Context(), cluster, planOf(t, daemonSet("net")), fitout.Options{Timing: fitout.DefaultTiming}, fitout.Silent{})
		if err != nil || r.Verdict != want {
			t.Errorf("verdict %s, %v", r.Verdict, err)
		}
		cluster.nodes["b"] = live
	}
}

// Less than all nodes are enough if the user says so.
func TestGateMinReady(t *testing.T) {
	half, err := check.ParseShare("50%")
	if err != nil {
		t.Fatal(err)
	}
	cluster := &nodesOf{newMemory(), map[string]corev1.NodeCondition{"a": live, "b": live}, map[string]string{"b": "InvalidImageName"}}
	r, err := fitout.Apply(t.Context(), cluster, planOf(t, daemonSet("net")), fitout.Options{Timing: fitout.DefaultTiming, MinReady: half}, fitout.Silent{})
	if err != nil || r.Verdict != check.Degraded || without(r) != "net" {
		t.Errorf("verdict %s, without %q, %v", r.Verdict, without(r), err)
	}
}
