package fitout_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

// UpgradeSurvey is what the test says of the cluster.
func (m *memory) UpgradeSurvey(context.Context) (upgrade.Survey, error) { return m.survey, nil }

// ofMinor makes a plan one of a Kubernetes minor. Addon a is upgraded before the control plane, and has a setting whose change
// must be decided on.
func ofMinor(p *fitout.Plan, minor string) *fitout.Plan {
	p.Rendering.Bundle, p.Cluster.KubernetesVersion = minor, "v"+minor+".1"
	p.Addons = map[string]bundle.Addon{
		"a": {Name: "a", Role: "network", Upgrade: bundle.Upgrade{Early: true, Decisions: []bundle.UpgradeDecision{
			{Name: "data-path", Kind: "ConfigMap", Object: "one", Field: "data.path", Means: "nodes do not reach each other"}}}},
		"b": {Name: "b", Role: "dns"},
	}
	return p
}

// before and after are the bundles of two minors: one and two change, three goes.
func before(t *testing.T) *fitout.Plan {
	return ofMinor(planOf(t, one("1"), two(), []*manifest.Object{object("b", "three", map[string]any{"key": "3"})}), "1.36")
}

func after(t *testing.T) *fitout.Plan {
	return ofMinor(planOf(t, one("2"), []*manifest.Object{object("b", "two", map[string]any{"key": "new"})}), "1.37")
}

// fitted is a cluster with everything of before.
func fitted(t *testing.T) *memory {
	t.Helper()
	m := newMemory()
	if _, err := apply(m, before(t), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	m.survey = upgrade.Survey{Server: "v1.36.4", Nodes: []upgrade.Node{{Name: "n", Kubelet: "v1.36.4"}}}
	return m
}

func upgraded(t *testing.T, m *memory, p *fitout.Plan, phase upgrade.Phase, o fitout.UpgradeOptions) (*report.Report, error) {
	t.Helper()
	o.Timing, o.Version, o.Phase = fitout.DefaultTiming, "test", phase
	o.Settle = 0
	return fitout.Upgrade(t.Context(), m, p, o, fitout.Silent{})
}

// state is the state of the record, its phase and the values of the objects.
func (m *memory) state(t *testing.T) string {
	t.Helper()
	record, err := m.Inventory(t.Context())
	if err != nil || record == nil {
		t.Fatalf("record %v, error %v", record, err)
	}
	all := []string{record.State, record.Target.Bundle}
	if record.Phase != "" {
		all = append(all, record.Phase)
	}
	for _, name := range []string{"one", "two", "three"} {
		if o := m.objects[idOf(name)]; o != nil {
			all = append(all, name+"="+o.Object["data"].(map[string]any)["key"].(string))
		}
	}
	return strings.Join(all, " ")
}

func TestUpgradeInPhases(t *testing.T) {
	m := fitted(t)
	step := func(phase upgrade.Phase, want string) {
		t.Helper()
		if _, err := upgraded(t, m, after(t), phase, fitout.UpgradeOptions{}); err != nil {
			t.Fatalf("%s: %v", phase, err)
		}
		if got := m.state(t); got != want {
			t.Errorf("after %s: %s, want %s", phase, got, want)
		}
		writes := m.writes
		if _, err := upgraded(t, m, after(t), phase, fitout.UpgradeOptions{}); err != nil || m.writes != writes {
			t.Errorf("%s again: error %v, %d writes", phase, err, m.writes-writes)
		}
	}
	refused := func(phase upgrade.Phase, want string) {
		t.Helper()
		writes := m.writes
		var held *fitout.HeldError
		if _, err := upgraded(t, m, after(t), phase, fitout.UpgradeOptions{}); !errors.As(err, &held) || !strings.Contains(err.Error(), want) || m.writes != writes {
			t.Errorf("%s: error %v, %d writes; want %s", phase, err, m.writes-writes, want)
		}
	}
	refused(upgrade.AfterControlPlane, "upgrade the control plane to 1.37 first")
	step(upgrade.BeforeControlPlane, "upgrading 1.37 before-control-plane one=2 two=2 three=3")
	m.survey.Server = "v1.37.1"
	refused(upgrade.BeforeControlPlane, "begin with --phase after-control-plane")
	step(upgrade.AfterControlPlane, "upgrading 1.37 after-control-plane one=2 two=new three=3")
	refused(upgrade.AfterNodes, "the kubelet of node n is v1.36.4 still")
	m.survey.Nodes[0].Kubelet = "v1.37.1"
	step(upgrade.AfterNodes, "complete 1.37 one=2 two=new")
	if record, err := m.Inventory(t.Context()); err != nil || record.Previous == nil || record.Previous.Bundle != "1.36" {
		t.Errorf("record %+v, error %v", record, err)
	}
}

// A phase that is killed at any call is made by the same command again.
func TestUpgradeKilledAnywhere(t *testing.T) {
	for call := 1; ; call++ {
		m := fitted(t)
		m.survey.Server, m.survey.Nodes[0].Kubelet = "v1.37.1", "v1.37.1"
		m.calls, m.killAt, m.after = 0, call, call%2 == 0
		_, _ = upgraded(t, m, after(t), upgrade.AfterControlPlane, fitout.UpgradeOptions{})
		reached := m.calls >= call
		m.killAt = 0
		if _, err := upgraded(t, m, after(t), upgrade.AfterControlPlane, fitout.UpgradeOptions{}); err != nil {
			t.Fatalf("killed at call %d: %v", call, err)
		}
		if got, want := m.state(t), "upgrading 1.37 after-control-plane one=2 two=new three=3"; got != want {
			t.Fatalf("killed at call %d: %s, want %s", call, got, want)
		}
		if !reached {
			if call < 12 {
				t.Errorf("the phase ends after %d calls", call)
			}
			return
		}
	}
}

// What has to be decided on holds every way of upgrading back, until it is accepted by name.
func TestUpgradeWaitsForDecisions(t *testing.T) {
	p := ofMinor(planOf(t, []*manifest.Object{object("a", "one", map[string]any{"key": "2", "path": "native"})}, two()), "1.37")
	m := fitted(t)
	m.survey.Server, m.survey.Nodes[0].Kubelet = "v1.37.1", "v1.37.1"
	writes := m.writes
	var held *fitout.HeldError
	for name, run := range map[string]func() error{
		"a phase": func() error {
			_, err := upgraded(t, m, p, upgrade.AfterControlPlane, fitout.UpgradeOptions{})
			return err
		},
		"up": func() error { _, err := apply(m, p, fitout.ApplyOptions{}); return err },
	} {
		if err := run(); !errors.As(err, &held) || !strings.Contains(err.Error(), "decision needed, data-path: ConfigMap kube-system/one: data.path becomes native instead of nothing") || m.writes != writes {
			t.Errorf("%s: error %v, %d writes", name, err, m.writes-writes)
		}
	}
	if _, err := upgraded(t, m, p, upgrade.AfterControlPlane, fitout.UpgradeOptions{Accept: []string{"data-path"}}); err != nil {
		t.Error(err)
	}
}

// An upgrade with nothing to decide is made by up as well, also the rest of one that was begun in phases; an older bundle is not.
func TestUpUpgrades(t *testing.T) {
	m := fitted(t)
	if _, err := upgraded(t, m, after(t), upgrade.BeforeControlPlane, fitout.UpgradeOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := apply(m, after(t), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, want := m.state(t), "complete 1.37 one=2 two=new"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	writes := m.writes
	if _, err := apply(m, before(t), fitout.ApplyOptions{}); err == nil || !strings.Contains(err.Error(), "decision needed, downgrade") || m.writes != writes {
		t.Errorf("error %v, %d writes", err, m.writes-writes)
	}
}

func TestDecideUpgrade(t *testing.T) {
	decide := func(m *memory, o fitout.UpgradeOptions) (*upgrade.Plan, error) {
		o.Timing = fitout.DefaultTiming
		return fitout.DecideUpgrade(t.Context(), m, after(t), o, fitout.Silent{})
	}
	if _, err := decide(newMemory(), fitout.UpgradeOptions{}); err == nil || !strings.Contains(err.Error(), "nothing to upgrade from") {
		t.Errorf("a cluster without an inventory: error %v", err)
	}
	m := fitted(t)
	writes := m.writes
	m.survey.Budgets = []upgrade.Budget{{ID: manifest.ID{Kind: "PodDisruptionBudget", Namespace: "shop", Name: "cart"}, Pods: 1}}
	p, err := decide(m, fitout.UpgradeOptions{})
	if err != nil || !p.Held() || m.writes != writes {
		t.Fatalf("error %v, held %v, %d writes", err, p.Held(), m.writes-writes)
	}
	for _, want := range []string{
		"upgrade from v1.36.1 to v1.37.1: configures 2 objects; removes 1 object; nothing is recreated; can be undone\n",
		"precondition disruption-budgets: unmet: PodDisruptionBudget shop/cart lets none of its 1 pod be evicted, so that their nodes cannot be drained; add replicas, or let it allow one (--skip disruption-budgets)\n",
		"  removed: ConfigMap kube-system/three\n",
	} {
		if !strings.Contains(p.Text(), want) {
			t.Errorf("%s\nlacks %s", p.Text(), want)
		}
	}
	if p, err := decide(m, fitout.UpgradeOptions{Skip: []string{upgrade.Disruptions}}); err != nil || p.Held() {
		t.Errorf("error %v, held %v", err, p.Held())
	}
}

// A record in the middle of an upgrade is one that a later version reads.
func TestRecordKeepsThePhase(t *testing.T) {
	i := &inventory.Inventory{State: inventory.Upgrading, Phase: "after-control-plane", Target: inventory.Target{Bundle: "1.37"}}
	o, err := i.Object()
	if err != nil {
		t.Fatal(err)
	}
	if read, err := inventory.Parse(o); err != nil || !read.Same(i) || read.Phase != i.Phase {
		t.Errorf("%+v, error %v", read, err)
	}
}
