package fitout_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// object is a ConfigMap of an addon.
func object(addon, name string, data map[string]any) *manifest.Object {
	return &manifest.Object{Object: map[string]any{
		"apiVersion": "v1", "kind": "ConfigMap",
		"metadata": map[string]any{"name": name, "namespace": "kube-system", "labels": map[string]any{
			render.LabelAddon: addon, render.LabelManagedBy: render.ManagedBy,
		}},
		"data": data,
	}}
}

func idOf(name string) manifest.ID {
	return manifest.ID{Kind: "ConfigMap", Namespace: "kube-system", Name: name}
}

// planOf is a plan of ConfigMaps, a wave for each addon.
func planOf(t testing.TB, addons ...[]*manifest.Object) *fitout.Plan {
	t.Helper()
	p := &fitout.Plan{Cluster: clusterfile.Cluster{KubernetesVersion: "v1.36.4"}, Rendering: &render.Rendering{Bundle: "1.36"}}
	var all []*manifest.Object
	for _, objects := range addons {
		name := objects[0].GetLabels()[render.LabelAddon]
		p.Rendering.Addons = append(p.Rendering.Addons, render.Addon{Addon: bundle.Addon{Name: name}, Objects: objects})
		p.Waves = append(p.Waves, wave.Wave{Name: name, Objects: objects})
		all = append(all, objects...)
	}
	digest, err := manifest.Digest(all)
	if err != nil {
		t.Fatal(err)
	}
	p.Rendering.Digest, p.Kinds = digest, manifest.KindsOf(all)
	return p
}

func apply(m *memory, p *fitout.Plan, o fitout.ApplyOptions) (*report.Report, error) {
	o.Timing = fitout.DefaultTiming
	o.Version = "test"
	return fitout.Apply(context.Background(), m, p, o, fitout.Silent{})
}

func one(data string) []*manifest.Object {
	return []*manifest.Object{object("a", "one", map[string]any{"key": data})}
}

func two() []*manifest.Object {
	return []*manifest.Object{object("b", "two", map[string]any{"key": "2"})}
}

// actions are the outcomes of a run: one created, two unchanged.
func actions(r *report.Report) string {
	var all []string
	for _, w := range r.Waves {
		for _, c := range w.Changes {
			all = append(all, c.ID.Name+" "+string(c.Action))
		}
	}
	return strings.Join(all, ", ")
}

func mustApply(t *testing.T, m *memory, p *fitout.Plan, o fitout.ApplyOptions, want string) {
	t.Helper()
	r, err := apply(m, p, o)
	if err != nil {
		t.Fatal(err)
	}
	if got := actions(r); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestApplyTwice(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	writes := m.writes
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one unchanged, two unchanged")
	if m.writes != writes {
		t.Errorf("a run with nothing to do wrote %d times", m.writes-writes)
	}
	mustApply(t, m, planOf(t, one("2"), two()), fitout.ApplyOptions{}, "one configured, two unchanged")
}

// An object that is no longer wanted goes once everything else is applied, and only if it still is the one that Fitout made.
func TestPrune(t *testing.T) {
	for name, test := range map[string]struct {
		others func(m *memory)
		want   string
		note   string
	}{
		"as it was":    {func(*memory) {}, "one unchanged, two pruned", ""},
		"gone already": {func(m *memory) { m.remove(idOf("two")) }, "one unchanged, two pruned", ""},
		"another UID": {func(m *memory) {
			m.remove(idOf("two"))
			m.create(two()[0], "kubectl")
		}, "one unchanged, two kept", "somebody has deleted it and created it again"},
		"other labels": {func(m *memory) { m.edit(idOf("two"), "kubectl", "metadata|labels|fitout.dev/addon", "c") },
			"one unchanged, two kept", "it no longer has the labels fitout.dev/addon=b"},
		"of a Helm release": {func(m *memory) { m.edit(idOf("two"), "helm", "metadata|annotations|meta.helm.sh/release-name", "mine") },
			"one unchanged, two kept", "it belongs to the Helm release mine"},
		"with an owner": {func(m *memory) {
			put(m.objects[idOf("two")].Object, "metadata|ownerReferences", []any{map[string]any{"kind": "Pool", "name": "p"}})
		}, "one unchanged, two kept", "it is owned by Pool p"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
			test.others(m)
			r, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if got := actions(r); got != test.want {
				t.Errorf("%s, want %s", got, test.want)
			}
			if kept := m.objects[idOf("two")] != nil; kept != strings.Contains(test.want, "kept") {
				t.Errorf("the object is there: %v", kept)
			}
			if notes := strings.Join(r.Waves[len(r.Waves)-1].Changes[0].Notes, ""); !strings.Contains(notes, test.note) {
				t.Errorf("notes %q", notes)
			}
			mustApply(t, m, planOf(t, one("1")), fitout.ApplyOptions{}, "one unchanged")
		})
	}
}

// An API that is served by pods goes before them: while it is registered and nobody answers, no namespace can be deleted.
func TestRemoveAPIFirst(t *testing.T) {
	object := func(apiVersion, kind, name, namespace string) *manifest.Object {
		o := &manifest.Object{Object: map[string]any{"apiVersion": apiVersion, "kind": kind}}
		o.SetName(name)
		o.SetNamespace(namespace)
		o.SetLabels(map[string]string{render.LabelAddon: "metrics", render.LabelManagedBy: render.ManagedBy})
		return o
	}
	api := object("apiregistration.k8s.io/v1", "APIService", "v1beta1.metrics.k8s.io", "")
	objects := []*manifest.Object{api, object("v1", "Namespace", "metrics", ""), object("apps/v1", "Deployment", "metrics", "metrics"), object("v1", "Service", "metrics", "metrics")}
	for name, run := range map[string]func(*memory) error{
		"prune": func(m *memory) error {
			_, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
			return err
		},
		"uninstall": func(m *memory) error {
			_, err := fitout.Uninstall(t.Context(), m, fitout.UninstallOptions{Timeout: time.Minute}, fitout.Silent{})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := planOf(t, one("1"), objects)
			waves, err := wave.Plan(p.Rendering, nil)
			if err != nil {
				t.Fatal(err)
			}
			p.Waves = waves
			m := newMemory()
			if _, err := apply(m, p, fitout.ApplyOptions{}); err != nil {
				t.Fatal(err)
			}
			if err := run(m); err != nil {
				t.Fatal(err)
			}
			if len(m.deleted) < 3 || m.deleted[0] != manifest.IDOf(api) {
				t.Errorf("deleted %v", m.deleted)
			}
		})
	}
}

// Nothing is touched unless everything can be: all reasons come at once.
func TestRefuse(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	m.edit(idOf("one"), "kubectl-edit", "data|key", "theirs")
	foreign := object("c", "three", map[string]any{"key": "theirs"})
	foreign.SetLabels(nil)
	m.create(foreign, "helm")
	p := planOf(t, one("1"), two(), []*manifest.Object{object("c", "three", map[string]any{"key": "3"})})
	writes := m.writes
	_, err := apply(m, p, fitout.ApplyOptions{})
	var refused *fitout.RefusedError
	if !errors.As(err, &refused) || m.writes != writes {
		t.Fatalf("error %v, %d writes", err, m.writes-writes)
	}
	want := `refused, nothing was touched: ConfigMap kube-system/one: data.key is theirs, set by kubectl-edit; Fitout sets 1
run again with --conflicts keep or --conflicts take-over
ConfigMap kube-system/three: installed by helm; data.key is theirs, not 3
run again with --adopt to take these objects over, with --conflicts keep to leave the fields that they have otherwise, or disable the addon`
	if err.Error() != want {
		t.Errorf("error:\n%v\nwant:\n%s", err, want)
	}

	mustApply(t, m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: changeset.Policies{"": changeset.Leave}}}, "one unchanged, two unchanged, three configured")
	if got := m.objects[idOf("one")].Object["data"]; fmt.Sprint(got) != "map[key:theirs]" {
		t.Errorf("theirs is to be kept: %v", got)
	}
	mustApply(t, m, p, fitout.ApplyOptions{Policies: changeset.Options{Conflicts: changeset.Policies{"": changeset.TakeOver}}}, "one configured, two unchanged, three configured")
	mustApply(t, m, p, fitout.ApplyOptions{}, "one unchanged, two unchanged, three unchanged")
}

// An adopted object loses what its installer set and Fitout does not want, and keeps keys that others have added.
func TestAdopt(t *testing.T) {
	m := newMemory()
	foreign := object("a", "one", map[string]any{"key": "theirs"})
	foreign.SetLabels(map[string]string{"k8s-app": "one"})
	m.create(foreign, "kubeadm")
	var refused *fitout.RefusedError
	if _, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{Policies: changeset.Options{Adopt: true}}); !errors.As(err, &refused) ||
		!strings.Contains(err.Error(), "ConfigMap kube-system/one: data.key is theirs, becomes 1\nthese settings are lost: ") || m.objects[idOf("one")].Object["data"].(map[string]any)["key"] != "theirs" {
		t.Fatalf("what is lost is to be accepted first: error %v", err)
	}
	mustApply(t, m, planOf(t, one("1")), fitout.ApplyOptions{Policies: changeset.Options{Adopt: true, Accept: changeset.Names{"ConfigMap/one"}}}, "one configured")
	if labels := m.objects[idOf("one")].GetLabels(); labels["k8s-app"] != "" || labels[render.LabelAddon] != "a" {
		t.Errorf("labels %v", labels)
	}
	mustApply(t, m, planOf(t, one("1")), fitout.ApplyOptions{}, "one unchanged")
}

// What the API server refuses ends the run before the first write; without the preflight it is met on the way.
func TestPreflight(t *testing.T) {
	m := newMemory()
	m.fault = func(id manifest.ID) error {
		if id.Name == "two" {
			return errors.New("quota exceeded")
		}
		return nil
	}
	_, err := apply(m, planOf(t, one("1"), two()), fitout.ApplyOptions{})
	if err == nil || !strings.Contains(err.Error(), "the API server would refuse the bundle, nothing was touched: apply ConfigMap kube-system/two: quota exceeded") || m.writes != 0 {
		t.Errorf("error %v, %d writes", err, m.writes)
	}
	_, err = apply(m, planOf(t, one("1"), two()), fitout.ApplyOptions{SkipPreflight: true})
	if err == nil || m.objects[idOf("one")] == nil {
		t.Errorf("error %v", err)
	}
}

// A webhook that takes no part in dry runs is no reason to end the run; a connection that breaks is.
func TestPreflightUnjudged(t *testing.T) {
	m := newMemory()
	asked := 0
	m.fault = func(id manifest.ID) error {
		if asked++; asked <= 2 && id.Name == "two" {
			return errors.New(`admission webhook "w" does not support dry run`)
		}
		return nil
	}
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
}

func TestDryRunChangesNothing(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	writes := m.writes
	r, err := apply(m, planOf(t, one("2")), fitout.ApplyOptions{DryRun: true})
	if err != nil || m.writes != writes || len(r.Waves) != 2 || r.Waves[1].Changes[0].Action != report.Pruned {
		t.Errorf("error %v, %d writes, %s", err, m.writes-writes, actions(r))
	}
}

func TestLocked(t *testing.T) {
	m := newMemory()
	m.holder = "somebody"
	_, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
	var locked *cluster.LockedError
	if !errors.As(err, &locked) || m.writes != 0 {
		t.Errorf("error %v, %d writes", err, m.writes)
	}
}

// The record is written before the first object: a run that is killed anywhere leaves nothing that no record has.
func TestKilledAnywhere(t *testing.T) {
	for _, after := range []bool{false, true} {
		for call := 1; ; call++ {
			m := newMemory()
			m.killAt, m.after = call, after
			_, err := apply(m, planOf(t, one("1"), two()), fitout.ApplyOptions{})
			if err == nil {
				if call < 8 {
					t.Fatalf("the run ends after %d calls", call)
				}
				break
			}
			if !errors.Is(err, errKilled) {
				t.Fatal(err)
			}
			m.killAt = 0
			if record, err := m.Inventory(t.Context()); err != nil || len(m.objects) > 0 && record == nil {
				t.Fatalf("killed at call %d: %d objects and no record (error %v)", call, len(m.objects), err)
			}
			r, err := fitout.Uninstall(t.Context(), m, fitout.UninstallOptions{Timeout: time.Minute}, fitout.Silent{})
			if err != nil || len(m.objects) > 0 {
				t.Errorf("killed at call %d (after: %v): %d objects stay after uninstall, error %v, %s", call, after, len(m.objects), err, actions(r))
			}
		}
	}
}

func TestUninstall(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	r, err := fitout.Uninstall(t.Context(), m, fitout.UninstallOptions{Timeout: time.Minute, DryRun: true}, fitout.Silent{})
	if err != nil || actions(r) != "two pruned, one pruned" || len(m.objects) != 2 {
		t.Fatalf("error %v, %s", err, actions(r))
	}
	m.edit(idOf("one"), "helm", "metadata|annotations|meta.helm.sh/release-name", "mine")
	r, err = fitout.Uninstall(t.Context(), m, fitout.UninstallOptions{Timeout: time.Minute}, fitout.Silent{})
	if err != nil || actions(r) != "two pruned, one kept" || len(m.objects) != 1 || m.record != nil {
		t.Errorf("error %v, %s, record %v", err, actions(r), m.record)
	}
	if _, err = fitout.Uninstall(t.Context(), m, fitout.UninstallOptions{Timeout: time.Minute}, fitout.Silent{}); err != nil {
		t.Error(err)
	}
}

// What holds what others made is pruned only by name.
func TestProtected(t *testing.T) {
	for kind, version := range map[string]string{"Namespace": "v1", "Secret": "v1", "StatefulSet": "apps/v1"} {
		t.Run(kind, func(t *testing.T) {
			holder := &manifest.Object{Object: map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{
				"name": "space", "labels": map[string]any{render.LabelAddon: "b", render.LabelManagedBy: render.ManagedBy}}}}
			if kind != "Namespace" {
				holder.SetNamespace("kube-system")
			}
			m := newMemory()
			mustApply(t, m, planOf(t, one("1"), []*manifest.Object{holder}), fitout.ApplyOptions{}, "one created, space created")
			for range 2 {
				r, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
				if err != nil || actions(r) != "one unchanged, space kept" {
					t.Fatalf("error %v, %s", err, actions(r))
				}
			}
			named := changeset.Names{strings.ToLower(kind) + "/space"}
			if kind != "Namespace" {
				named = changeset.Names{strings.ToLower(kind) + "/kube-system/space"}
			}
			mustApply(t, m, planOf(t, one("1")), fitout.ApplyOptions{Policies: changeset.Options{Prune: named}}, "one unchanged, space pruned")
			if !slices.Contains(m.deleted, manifest.IDOf(holder)) {
				t.Error("it is still there")
			}
		})
	}
}

// While another run works, nothing of it is undone: what was decided before the lock is decided again.
func TestInterrupted(t *testing.T) {
	m := newMemory()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	cancel()
	_, err := fitout.Apply(ctx, m, planOf(t, one("1"), two()), fitout.ApplyOptions{Timing: fitout.DefaultTiming}, fitout.Silent{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// A lockedOnce cluster is being changed by another run, which ends while it is waited for.
type lockedOnce struct {
	*memory
	other func()
}

func (c lockedOnce) Lock(ctx context.Context, _ time.Duration, waiting func(string)) (context.Context, func(), error) {
	waiting("another run")
	c.other()
	return ctx, func() {}, nil
}

// What was decided before another run changed the cluster is decided again.
func TestDecidesAgainAfterTheLock(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	cluster := lockedOnce{m, func() { m.edit(idOf("one"), "kubectl-edit", "data|key", "theirs") }}
	writes := m.writes
	told := &notes{}
	_, err := fitout.Apply(t.Context(), cluster, planOf(t, one("2"), two()), fitout.ApplyOptions{Timing: fitout.DefaultTiming, Version: "test"}, told)
	var refused *fitout.RefusedError
	if !errors.As(err, &refused) || m.writes != writes || !slices.Contains(told.lines, "waiting for another run, which is changing the cluster") {
		t.Errorf("error %v, %d writes, %q", err, m.writes-writes, told.lines)
	}
}

// A run of the same bundle that has something to repair takes the lock as any other.
func TestRepairTakesTheLock(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	m.remove(idOf("two"))
	writes := m.writes
	m.holder = "somebody"
	_, err := apply(m, planOf(t, one("1"), two()), fitout.ApplyOptions{})
	var locked *cluster.LockedError
	if !errors.As(err, &locked) || m.writes != writes {
		t.Errorf("error %v, %d writes", err, m.writes-writes)
	}
}
