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
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

var agentID = manifest.ID{Kind: "DaemonSet", Group: "apps", Namespace: "kube-system", Name: "agent"}

// withAgent is a bundle of a minor whose addon a is a pod network with an agent on each node.
func withAgent(t *testing.T, minor, image string) *fitout.Plan {
	agent := &manifest.Object{Object: map[string]any{
		"apiVersion": "apps/v1", "kind": "DaemonSet",
		"metadata": map[string]any{"name": "agent", "namespace": "kube-system", "labels": map[string]any{
			render.LabelAddon: "a", render.LabelManagedBy: render.ManagedBy, render.LabelBundle: minor}},
		"spec": map[string]any{
			"selector":       map[string]any{"matchLabels": map[string]any{"app": "agent"}},
			"updateStrategy": map[string]any{"type": "RollingUpdate", "rollingUpdate": map[string]any{"maxUnavailable": int64(1)}},
			"template": map[string]any{"metadata": map[string]any{"labels": map[string]any{"app": "agent"}},
				"spec": map[string]any{"containers": []any{map[string]any{"name": "agent", "image": image}}}},
		},
	}}
	p := ofMinor(planOf(t, append(one(image), agent), two()), minor)
	p.Rendering.Addons[0].Provides = []string{"network"}
	return p
}

// wired is a cluster of three nodes with a pod network.
func wired(t *testing.T) *memory {
	t.Helper()
	m := newMemory()
	m.daemons = nodesNamed("x", "y", "z")
	if _, err := apply(m, withAgent(t, "1.36", "agent:1"), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	m.daemons.replaced = nil
	m.survey = upgrade.Survey{Server: "v1.37.1", Nodes: []upgrade.Node{{Name: "x", Kubelet: "v1.37.1"}}}
	return m
}

func (m *memory) template(t *testing.T) string {
	return text(m.objects[agentID].Object["spec"].(map[string]any)["template"])
}

func (m *memory) strategy() string {
	return text(m.objects[agentID].Object["spec"].(map[string]any)["updateStrategy"])
}

// told keeps what a run tells.
type told struct {
	fitout.Silent
	lines []string
}

func (n *told) Note(text string) { n.lines = append(n.lines, text) }

func canary(t *testing.T, m *memory, p *fitout.Plan, plan fitout.CanaryPlan) (*report.Report, []string, error) {
	t.Helper()
	o := fitout.UpgradeOptions{Phase: upgrade.AfterControlPlane, Canary: plan}
	o.Timing, o.Version, o.Settle = fitout.DefaultTiming, "test", 0
	progress := &told{}
	r, err := fitout.Upgrade(t.Context(), m, p, o, progress)
	return r, progress.lines, err
}

const asRendered = `{"rollingUpdate":{"maxUnavailable":1},"type":"RollingUpdate"}`

func TestCanary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := wired(t)
		p := withAgent(t, "1.37", "agent:2")
		r, told, err := canary(t, m, p, fitout.CanaryPlan{Nodes: 1})
		if err != nil || r.Verdict != check.Good {
			t.Fatalf("verdict %s, error %v", r.Verdict, err)
		}
		for _, want := range []string{"canary: the pods of DaemonSet kube-system/agent are replaced on x first", "canary: x works; the other nodes follow"} {
			if !slices.Contains(told, want) {
				t.Errorf("%s\nlacks %s", strings.Join(told, "\n"), want)
			}
		}
		if got := m.daemons.updated(m.template(t)); len(got) != 3 || m.strategy() != asRendered {
			t.Errorf("new pods on %v, strategy %s", got, m.strategy())
		}
		if got := fmt.Sprint(m.daemons.replaced); got != "[x y z]" {
			t.Errorf("replaced in the order %s", got)
		}
		if got, want := m.state(t), "upgrading 1.37 after-control-plane one=agent:2 two=2"; got != want {
			t.Errorf("%s, want %s", got, want)
		}
		if got := actions(r); got != "one configured, agent configured, two unchanged" {
			t.Error(got)
		}
	})
}

// A paused run leaves everything but the canary nodes as it was, says how it goes on, and goes on.
func TestCanaryPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := wired(t)
		p := withAgent(t, "1.37", "agent:2")
		for range 2 { // pausing again changes nothing
			r, _, err := canary(t, m, p, fitout.CanaryPlan{Nodes: 1, Pause: true})
			if err != nil || r.Verdict != check.Pending || r.ExitCode() != report.ExitPending {
				t.Fatalf("verdict %s, error %v", r.Verdict, err)
			}
			if want := "run the same command without --pause to go on (fitout upgrade run --to 1.37 --phase after-control-plane), or fitout rollback"; !strings.Contains(r.Paused, "x has the new pods of DaemonSet kube-system/agent") || !strings.Contains(r.Paused, want) {
				t.Error(r.Paused)
			}
			if got := fmt.Sprint(m.daemons.updated(m.template(t))); got != "[x]" || !strings.Contains(m.strategy(), `"type":"OnDelete"`) {
				t.Errorf("new pods on %s, strategy %s", got, m.strategy())
			}
		}
		if _, _, err := canary(t, m, p, fitout.CanaryPlan{Nodes: 1}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(m.daemons.replaced); got != "[x y z]" || m.strategy() != asRendered {
			t.Errorf("replaced in the order %s, strategy %s", got, m.strategy())
		}
	})
}

// A canary that does not become ready is all that has the new pods. The same command with what mends it begins with the same node.
func TestCanaryFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := wired(t)
		bad := withAgent(t, "1.37", "agent:bad")
		m.daemons.broken[text(bad.Rendering.Addons[0].Objects[1].Object["spec"].(map[string]any)["template"])] = true
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		o := fitout.UpgradeOptions{Phase: upgrade.AfterControlPlane, Canary: fitout.CanaryPlan{Nodes: 1}}
		o.Timing, o.Version = fitout.DefaultTiming, "test"
		_, err := fitout.Upgrade(ctx, m, bad, o, fitout.Silent{})
		if err == nil || !strings.Contains(err.Error(), "DaemonSet kube-system/agent 0/1 canary nodes, pod agent-") || !strings.Contains(err.Error(), "only x has new pods of the network; once the cause is gone, run the same command again, or fitout rollback") {
			t.Fatal(err)
		}
		if got := fmt.Sprint(m.daemons.replaced); got != "[x]" {
			t.Errorf("replaced in the order %s", got)
		}
		if _, _, err := canary(t, m, withAgent(t, "1.37", "agent:3"), fitout.CanaryPlan{Nodes: 1}); err != nil {
			t.Fatal(err)
		}
		if got := fmt.Sprint(m.daemons.replaced); got != "[x x y z]" || m.strategy() != asRendered {
			t.Errorf("replaced in the order %s, strategy %s", got, m.strategy())
		}
	})
}

// A run that is killed at any call leaves no more than the canary node with new pods as long as that has not been tried, and the
// same command goes on.
func TestCanaryKilledAnywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for call, reached := 1, true; reached; call++ {
			m := wired(t)
			p := withAgent(t, "1.37", "agent:2")
			m.calls, m.killAt, m.after = 0, call, call%2 == 0
			_, _, _ = canary(t, m, p, fitout.CanaryPlan{Nodes: 1})
			reached, m.killAt = m.calls >= call, 0
			m.reconcile()
			m.reconcile()
			if got := m.daemons.updated(m.template(t)); strings.Contains(m.strategy(), "OnDelete") && m.template(t) != "" && len(got) > 1 {
				t.Fatalf("killed at call %d: new pods on %v", call, got)
			}
			if _, _, err := canary(t, m, p, fitout.CanaryPlan{Nodes: 1}); err != nil {
				t.Fatalf("killed at call %d: %v", call, err)
			}
			if got := fmt.Sprint(m.daemons.updated(m.template(t))); got != "[x y z]" || m.strategy() != asRendered || m.daemons.replaced[0] != "x" || len(m.daemons.replaced) != 3 {
				t.Fatalf("killed at call %d: new pods on %s, replaced in the order %v, strategy %s", call, got, m.daemons.replaced, m.strategy())
			}
			if got, want := m.state(t), "upgrading 1.37 after-control-plane one=agent:2 two=2"; got != want {
				t.Fatalf("killed at call %d: %s, want %s", call, got, want)
			}
		}
	})
}

// Without a canary, and where every node would be one, the DaemonSet's own strategy replaces the pods.
func TestNoCanary(t *testing.T) {
	for _, n := range []int{0, 3, 99} {
		synctest.Test(t, func(t *testing.T) {
			m := wired(t)
			_, told, err := canary(t, m, withAgent(t, "1.37", "agent:2"), fitout.CanaryPlan{Nodes: n, Pause: true})
			if got := fmt.Sprint(m.daemons.updated(m.template(t))); err != nil || got != "[x y z]" || m.strategy() != asRendered {
				t.Errorf("%d canary nodes: new pods on %s, strategy %s, error %v", n, got, m.strategy(), err)
			}
			if noted := slices.ContainsFunc(told, func(l string) bool { return strings.HasPrefix(l, "no canary") }); noted != (n > 0) {
				t.Errorf("%d canary nodes: %v", n, told)
			}
		})
	}
}
