package fitout_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

// Rendering and StoreRendering keep renderings as the cluster does: as objects, which are read again.
func (m *memory) Rendering(_ context.Context, slot string) (r *inventory.Rendering, err error) {
	err = m.call(func() error {
		if m.kept[slot] != nil {
			r, err = inventory.ParseRendering(m.kept[slot])
		}
		return err
	})
	return r, err
}

func (m *memory) StoreRendering(_ context.Context, slot string, r *inventory.Rendering) error {
	return m.call(func() (err error) {
		if m.kept == nil {
			m.kept = map[string]*manifest.Object{}
		}
		m.kept[slot], err = r.Object(slot)
		return err
	})
}

func rollback(t *testing.T, m *memory) (*report.Report, error) {
	t.Helper()
	o := fitout.ApplyOptions{Timing: fitout.DefaultTiming, Version: "test"}
	return fitout.Rollback(t.Context(), m, o, fitout.Silent{})
}

// full is a bundle of a minor with the labels that rendering gives, of which rolling back makes a plan again.
func full(t *testing.T, minor, value string, names ...string) *fitout.Plan {
	var objects []*manifest.Object
	for _, name := range names {
		o := object("a", name, map[string]any{"key": value})
		o.SetLabels(map[string]string{render.LabelAddon: "a", render.LabelManagedBy: render.ManagedBy, render.LabelBundle: minor})
		objects = append(objects, o)
	}
	return ofMinor(planOf(t, objects), minor)
}

func TestRollback(t *testing.T) {
	m := newMemory()
	if _, err := rollback(t, m); err == nil || !strings.Contains(err.Error(), "no inventory") {
		t.Errorf("a cluster without an inventory: error %v", err)
	}
	if _, err := apply(m, full(t, "1.36", "1", "one", "two"), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := rollback(t, m); err == nil || !strings.Contains(err.Error(), "nothing before 1.36 (v1.36.1)") {
		t.Errorf("a cluster that had nothing before: error %v", err)
	}
	was := manifest.Contents(m.objects[idOf("one")])
	if _, err := apply(m, full(t, "1.37", "2", "one", "three"), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"complete 1.36 one=1 two=1", "complete 1.37 one=2 three=2", "complete 1.36 one=1 two=1"} { // back, forward, back
		if _, err := rollback(t, m); err != nil {
			t.Fatal(err)
		}
		if got := m.state(t); got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	is, _ := manifest.Contents(m.objects[idOf("one")]).MarshalJSON()
	if text, _ := was.MarshalJSON(); string(is) != string(text) {
		t.Errorf("%s, want %s", is, text)
	}
	m.kept = nil
	if _, err := rollback(t, m); err == nil || !strings.Contains(err.Error(), "bundle 1.37 for v1.37.1) is not kept") {
		t.Errorf("a rendering that is gone: error %v", err)
	}
}

// A run that is killed, also while it keeps its rendering, leaves what was complete before.
func TestRollbackAfterKill(t *testing.T) {
	for call, reached := 1, true; reached; call++ {
		m := newMemory()
		for _, p := range []*fitout.Plan{full(t, "1.35", "0", "one"), full(t, "1.36", "1", "one", "two")} {
			if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
				t.Fatal(err)
			}
		}
		m.calls, m.killAt, m.after = 0, call, call%2 == 0
		_, _ = apply(m, full(t, "1.37", "2", "one", "three"), fitout.ApplyOptions{})
		reached, m.killAt = m.calls >= call, 0
		if record, err := m.Inventory(t.Context()); err != nil || record.Target.Bundle != "1.37" {
			continue // nothing was begun
		}
		if _, err := rollback(t, m); err != nil {
			t.Fatalf("killed at call %d: %v", call, err)
		}
		if got, want := m.state(t), "complete 1.36 one=1 two=1"; got != want {
			t.Fatalf("killed at call %d: %s, want %s", call, got, want)
		}
	}
}

// An upgrade that was begun in phases is gone back from, too.
func TestRollbackFromPhase(t *testing.T) {
	m := newMemory()
	if _, err := apply(m, full(t, "1.36", "1", "one", "two"), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	m.survey = upgrade.Survey{Server: "v1.37.1"}
	if _, err := upgraded(t, m, full(t, "1.37", "2", "one", "three"), upgrade.AfterControlPlane, fitout.UpgradeOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := rollback(t, m); err != nil {
		t.Fatal(err)
	}
	if got, want := m.state(t), "complete 1.36 one=1 two=1"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

// What the API server does not serve is not begun.
func TestRollbackToWhatIsNotServed(t *testing.T) {
	m := newMemory()
	old := &manifest.Object{Object: map[string]any{"apiVersion": "policy/v1beta1", "kind": "PodDisruptionBudget", "metadata": map[string]any{"name": "one", "namespace": "kube-system",
		"labels": map[string]any{render.LabelAddon: "a", render.LabelManagedBy: render.ManagedBy}}}}
	for _, p := range []*fitout.Plan{ofMinor(planOf(t, []*manifest.Object{old}), "1.18"), full(t, "1.18", "1", "one")} {
		if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	m.version = "v1.36.4"
	writes := m.writes
	if _, err := rollback(t, m); err == nil || !strings.Contains(err.Error(), "PodDisruptionBudget kube-system/one is of policy/v1beta1, which the API server v1.36.4 does not serve") || m.writes != writes {
		t.Errorf("error %v, %d writes", err, m.writes-writes)
	}
}
