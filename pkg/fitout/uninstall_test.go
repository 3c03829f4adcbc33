package fitout_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
)

// spaceOf is a namespace with a ConfigMap in it, of one addon each.
func spaceOf() [][]*manifest.Object {
	space := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{
		"name": "space", "labels": map[string]any{render.LabelAddon: "a", render.LabelManagedBy: render.ManagedBy}}}}
	in := object("b", "two", map[string]any{"key": "2"})
	in.SetNamespace("space")
	return [][]*manifest.Object{{space}, {in}}
}

func uninstall(t *testing.T, m *memory, o fitout.UninstallOptions) *report.Report {
	t.Helper()
	o.Timeout = time.Minute
	r, err := fitout.Uninstall(t.Context(), m, o, fitout.Silent{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// A dry run says of a namespace in use what the run itself does; one that stays is not forgotten, and goes once it is free.
func TestUninstallKeepsNamespacesInUse(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, spaceOf()...), fitout.ApplyOptions{}, "space created, two created")
	theirs := object("x", "theirs", nil)
	theirs.SetNamespace("space")
	theirs.SetLabels(nil)
	m.create(theirs, "kubectl")
	for _, dryRun := range []bool{true, false} {
		r := uninstall(t, m, fitout.UninstallOptions{DryRun: dryRun})
		if got := actions(r); got != "two pruned, space kept" {
			t.Fatalf("dry run %v: %s", dryRun, got)
		}
		if note := r.Waves[0].Changes[1].Notes[0]; !strings.Contains(note, "there is still ConfigMap space/theirs") {
			t.Error(note)
		}
	}
	record, err := m.Inventory(t.Context())
	if err != nil || record == nil || record.State != inventory.Uninstalled || len(record.Entries) != 1 || !record.Entries[0].Orphaned {
		t.Fatalf("record %+v, %v", record, err)
	}
	if got := actions(uninstall(t, m, fitout.UninstallOptions{})); got != "space kept" {
		t.Fatal(got)
	}
	m.remove(manifest.IDOf(theirs))
	if got := actions(uninstall(t, m, fitout.UninstallOptions{})); got != "space pruned" || m.record != nil {
		t.Errorf("%s, record %v", got, m.record)
	}
}

// A namespace goes with all that is in it if it is named, and stays if somebody puts something into it at the last moment, or
// nobody can say what is in it.
func TestUninstallNamespaces(t *testing.T) {
	theirs := object("x", "theirs", nil)
	theirs.SetNamespace("space")
	theirs.SetLabels(nil)
	for name, test := range map[string]struct {
		others  func(m *memory)
		options fitout.UninstallOptions
		want    string
		note    string
	}{
		"named": {func(m *memory) { m.create(theirs.DeepCopy(), "kubectl") }, fitout.UninstallOptions{Prune: changeset.Names{"Namespace/space"}}, "two pruned, space pruned", ""},
		"at the last one": {func(m *memory) {
			m.meanwhile = map[manifest.ID]func(){manifest.IDOf(spaceOf()[1][0]): func() { m.create(theirs.DeepCopy(), "kubectl") }}
		}, fitout.UninstallOptions{}, "two pruned, space kept", "somebody has put something into it since the changes were decided"},
		"unseen": {func(m *memory) { m.unseen = "widgets are in it (forbidden)" }, fitout.UninstallOptions{}, "two pruned, space kept", "it cannot be seen whether widgets are in it (forbidden)"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			mustApply(t, m, planOf(t, spaceOf()...), fitout.ApplyOptions{}, "space created, two created")
			test.others(m)
			r := uninstall(t, m, test.options)
			if got := actions(r); got != test.want || !strings.Contains(strings.Join(r.Waves[0].Changes[1].Notes, " "), test.note) {
				t.Errorf("%s: %q", got, r.Waves[0].Changes[1].Notes)
			}
			if kept := strings.Contains(test.want, "kept"); (m.record != nil) != kept {
				t.Errorf("record %v", m.record)
			}
		})
	}
}

// After an uninstall that left a namespace, the cluster is fitted out again, and the namespace is Fitout's as before.
func TestUpAfterUninstall(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, spaceOf()...), fitout.ApplyOptions{}, "space created, two created")
	m.unseen = "no answer"
	uninstall(t, m, fitout.UninstallOptions{})
	m.unseen = ""
	r, err := apply(m, planOf(t, spaceOf()...), fitout.ApplyOptions{})
	if err != nil || actions(r) != "space unchanged, two created" && actions(r) != "space configured, two created" {
		t.Fatalf("%s, %v", actions(r), err)
	}
	if got := actions(uninstall(t, m, fitout.UninstallOptions{})); got != "two pruned, space pruned" || m.record != nil {
		t.Errorf("%s, record %v", got, m.record)
	}
}

// Where nothing is installed, the report says so in place of a table, and how to go on.
func TestUninstallNothing(t *testing.T) {
	for _, dryRun := range []bool{true, false} {
		r := uninstall(t, newMemory(), fitout.UninstallOptions{DryRun: dryRun})
		var text strings.Builder
		if err := report.Table(&text, r); err != nil {
			t.Fatal(err)
		}
		if got := text.String(); !strings.HasPrefix(got, "nothing of Fitout is installed in this cluster: ") || !strings.Contains(got, "run fitout up with") ||
			!strings.HasSuffix(got, "\ngood\n") && !dryRun || strings.Contains(got, "WAVE") {
			t.Errorf("dry run %v:\n%s", dryRun, got)
		}
	}
}
