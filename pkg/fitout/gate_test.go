package fitout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
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
		options fitout.ApplyOptions
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
		r, err := fitout.Apply(t.Context(), cluster, planOf(t, daemonSet("net")), fitout.ApplyOptions{Timing: fitout.DefaultTiming}, fitout.Silent{})
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
	r, err := fitout.Apply(t.Context(), cluster, planOf(t, daemonSet("net")), fitout.ApplyOptions{Timing: fitout.DefaultTiming, MinReady: half}, fitout.Silent{})
	if err != nil || r.Verdict != check.Degraded || without(r) != "net" {
		t.Errorf("verdict %s, without %q, %v", r.Verdict, without(r), err)
	}
}

// Up waits for nothing that is missing on nodes that are out alone: it ends as degraded at once, also if the node goes in the
// middle of it, and the next run fits the node out.
func TestUpNodeGoes(t *testing.T) {
	for name, condition := range map[string]corev1.NodeCondition{"nobody has heard of it": unheard, "its runtime is down": runtimeOff} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				cluster := &nodesOf{memory: newMemory(), nodes: map[string]corev1.NodeCondition{"a": live, "b": live}}
				cluster.meanwhile = map[manifest.ID]func(){{Group: "apps", Kind: "DaemonSet", Namespace: "kube-system", Name: "dns"}: func() { cluster.nodes["b"] = condition }}
				options := fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: fitout.DefaultTiming}}
				start := time.Now()
				r, err := fitout.Up(t.Context(), cluster, planOf(t, daemonSet("net"), daemonSet("dns")), options, fitout.Silent{})
				if err != nil || r.Verdict != check.Degraded || r.ExitCode() != report.ExitDegraded {
					t.Errorf("verdict %s, %v", r.Verdict, err)
				}
				if took := time.Since(start); took > 45*time.Second {
					t.Errorf("took %v", took)
				}
				cluster.nodes["b"] = live
				if r, err = fitout.Up(t.Context(), cluster, planOf(t, daemonSet("net"), daemonSet("dns")), options, fitout.Silent{}); err != nil || r.Verdict != check.Good {
					t.Errorf("the next run: verdict %s, %v", r.Verdict, err)
				}
			})
		})
	}
}

// What is missing on a node that lives is waited for beside a dead one.
func TestUpWaitsForNodesThatLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		half, err := check.ParseShare("50%")
		if err != nil {
			t.Fatal(err)
		}
		cluster := &nodesOf{newMemory(), map[string]corev1.NodeCondition{"a": live, "b": unheard, "c": live}, map[string]string{"c": "ContainerCreating"}}
		options := fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: fitout.DefaultTiming, MinReady: half}}
		start := time.Now()
		r, err := fitout.Up(t.Context(), cluster, planOf(t, daemonSet("net")), options, fitout.Silent{})
		if took := time.Since(start); err != nil || r.Verdict != check.Degraded || took < options.Settle {
			t.Errorf("verdict %s, %v, took %v", r.Verdict, err, took)
		}
	})
}

// The time-out bounds applying and checking together, and leaves time to say how far the cluster is.
func TestUpHasOneDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cluster := &nodesOf{newMemory(), map[string]corev1.NodeCondition{"a": live}, map[string]string{"a": "ContainerCreating"}}
		options := fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: fitout.DefaultTiming}}
		options.Timeout = 2 * time.Minute
		start := time.Now()
		r, err := fitout.Up(t.Context(), cluster, planOf(t, daemonSet("net")), options, fitout.Silent{})
		if took := time.Since(start); err == nil || len(r.Checks) == 0 || took > options.Timeout {
			t.Errorf("error %v, %d checks, took %v", err, len(r.Checks), took)
		}
	})
}

// A slowDryRun answers dry runs when the run is over.
type slowDryRun struct{ *memory }

func (c slowDryRun) Apply(ctx context.Context, kinds manifest.Kinds, planned []changeset.Change, dryRun bool) ([]report.Change, error) {
	if !dryRun {
		return c.memory.Apply(ctx, kinds, planned, dryRun)
	}
	outcomes, _ := c.memory.Apply(ctx, kinds, planned, dryRun)
	<-ctx.Done()
	for i, o := range outcomes {
		if o.Cause == nil {
			outcomes[i].Action, outcomes[i].Cause, outcomes[i].Error = report.Failed, ctx.Err(), "failed calling webhook: no answer"
		}
	}
	return outcomes, ctx.Err()
}

// A webhook that does not answer costs the preflight ten seconds in all; what it could not judge is applied all the same, unless
// something else is refused.
func TestPreflightIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, told, start := newMemory(), &notes{}, time.Now()
		r, err := fitout.Apply(t.Context(), slowDryRun{m}, planOf(t, one("1"), two()), fitout.ApplyOptions{Timing: fitout.DefaultTiming}, told)
		if took := time.Since(start); err != nil || took > 11*time.Second || actions(r) != "one created, two created" {
			t.Errorf("%s, %v, took %v", actions(r), err, took)
		}
		if want := "not checked beforehand, since the API server has not answered within 10s: ConfigMap kube-system/one (failed calling webhook: no answer), nor are 1 more; applying waits longer for it"; !slices.Contains(told.lines, want) {
			t.Errorf("notes %q", told.lines)
		}
		m = newMemory()
		m.fault = func(id manifest.ID) error {
			if id.Name == "two" {
				return errors.New("quota exceeded")
			}
			return nil
		}
		_, err = fitout.Apply(t.Context(), slowDryRun{m}, planOf(t, one("1"), two()), fitout.ApplyOptions{Timing: fitout.DefaultTiming}, told)
		if err == nil || !strings.HasSuffix(err.Error(), "nothing was touched: quota exceeded") || m.writes > 0 {
			t.Errorf("error %v, %d writes", err, m.writes)
		}
	})
}

// Up of the library is up of the command: it probes what it has checked, guarded, if the options say so.
func TestUpProbes(t *testing.T) {
	plan := planFor(t, "cni: flannel\ncsi: none\n")
	for _, probing := range []bool{true, false} {
		p, guarded := &prober{}, []string{}
		o := fitout.UpOptions{ApplyOptions: fitout.ApplyOptions{Timing: fitout.DefaultTiming, Version: "test"}}
		o.Settle = 0
		if probing {
			o.Prober = p
			o.Probe = &fitout.ProbeOptions{Run: "r", Image: "i", Start: 50 * time.Millisecond, Guard: func(namespace string) (func(types.UID), func(), error) {
				guarded = append(guarded, "guard "+namespace)
				return func(uid types.UID) { guarded = append(guarded, "opened") }, func() { guarded = append(guarded, "release") }, nil
			}}
		}
		r, err := fitout.Up(t.Context(), newMemory(), plan, o, fitout.Silent{})
		if err != nil {
			t.Fatal(err)
		}
		probed := slices.ContainsFunc(r.Checks, func(row check.Row) bool { return row.Check == "dns-service" })
		if want := map[bool]string{true: "guard fitout-probe-r opened release", false: ""}[probing]; probed != probing || strings.Join(guarded, " ") != want {
			t.Errorf("probed %v, %q", probed, guarded)
		}
	}
}
