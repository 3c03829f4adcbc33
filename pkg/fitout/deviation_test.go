package fitout_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
)

// classOf is a StorageClass, whose provisioner cannot be changed.
func classOf(provisioner string) []*manifest.Object {
	o := object("a", "one", nil)
	o.SetAPIVersion("storage.k8s.io/v1")
	o.SetKind("StorageClass")
	o.SetNamespace("")
	delete(o.Object, "data")
	o.Object["provisioner"] = provisioner
	return []*manifest.Object{o}
}

// What others do to an object between the decision and its change is told as what it is, whatever the change.
func TestDeviations(t *testing.T) {
	theirs := func() *manifest.Object { return object("a", "one", map[string]any{"theirs": "1"}) }
	everything := changeset.Options{Adopt: true, Accept: changeset.Names{"all"}, Recreate: changeset.Names{"StorageClass/one"}, Prune: changeset.Names{"Namespace/one"}}
	configured := func(m *memory) { m.create(one("0")[0], "fitout") }
	installed := func(m *memory) {
		o := one("0")[0]
		o.SetLabels(nil)
		m.create(o, "kubeadm")
	}
	for name, test := range map[string]struct {
		before    func(m *memory)                 // what is there as the changes are decided
		plan      []*manifest.Object              // what is wanted
		meanwhile func(m *memory, id manifest.ID) // what others do then
		action    report.Action
		deviation changeset.Deviation
		note      string
	}{
		"create": {nil, one("1"), nil, report.Created, changeset.AsDecided, ""},
		"create, and somebody has created it": {nil, one("1"), func(m *memory, _ manifest.ID) { m.create(theirs(), "helm") },
			report.Configured, changeset.Appeared, "one: somebody has created it since the changes were decided"},
		"configure": {configured, one("1"), nil, report.Configured, changeset.AsDecided, ""},
		"configure, and somebody has deleted it": {configured, one("1"), func(m *memory, id manifest.ID) { m.remove(id) },
			report.Created, changeset.Disappeared, "one: somebody has deleted it since"},
		"configure, and somebody has created another": {configured, one("1"), func(m *memory, id manifest.ID) { m.remove(id); m.create(theirs(), "helm") },
			report.Configured, changeset.Replaced, "one: somebody has deleted it and created it again since"},
		"configure, and somebody has changed it": {configured, one("1"), func(m *memory, id manifest.ID) { m.edit(id, "kubectl-edit", "data|more", "2") },
			report.Configured, changeset.Edited, "one: kubectl-edit has changed it since"},
		"adopt": {installed, one("1"), nil, report.Configured, changeset.AsDecided, ""},
		"adopt, and somebody has deleted it": {installed, one("1"), func(m *memory, id manifest.ID) { m.remove(id) },
			report.Created, changeset.Disappeared, "one: somebody has deleted it since"},
		"adopt, and somebody has created another": {installed, one("1"), func(m *memory, id manifest.ID) { m.remove(id); m.create(theirs(), "helm") },
			report.Configured, changeset.Replaced, "one: somebody has deleted it and created it again since"},
		"adopt, and somebody has changed it": {installed, one("1"), func(m *memory, id manifest.ID) { m.edit(id, "some-controller", "data|more", "2") },
			report.Configured, changeset.Edited, "one: some-controller has changed it since"},
		"recreate": {func(m *memory) { m.create(classOf("old")[0], "fitout") }, classOf("new"), nil, report.Recreated, changeset.AsDecided, ""},
		"recreate, and somebody has deleted it": {func(m *memory) { m.create(classOf("old")[0], "fitout") }, classOf("new"), func(m *memory, id manifest.ID) { m.remove(id) },
			report.Recreated, changeset.AsDecided, ""},
		"recreate, and somebody has created another": {func(m *memory) { m.create(classOf("old")[0], "fitout") }, classOf("new"), func(m *memory, id manifest.ID) { m.remove(id); m.create(classOf("new")[0], "helm") },
			report.Unchanged, changeset.Replaced, "one: somebody has deleted it and created it again since"},
	} {
		t.Run(name, func(t *testing.T) {
			m, p := newMemory(), planOf(t, test.plan)
			if test.before != nil {
				test.before(m)
			}
			id := manifest.IDOf(test.plan[0])
			if test.meanwhile != nil {
				m.meanwhile = map[manifest.ID]func(){id: func() { test.meanwhile(m, id) }}
			}
			r, err := apply(m, p, fitout.ApplyOptions{Policies: everything})
			if err != nil {
				t.Fatal(err)
			}
			c := r.Waves[0].Changes[0]
			if c.Action != test.action || c.Deviation != test.deviation || !strings.Contains(strings.Join(c.Notes, " "), test.note) {
				t.Errorf("%s, %q, %q", c.Action, c.Deviation, c.Notes)
			}
			if told := strings.Contains(r.Outcome(), "1 not as decided"); told != (test.deviation != changeset.AsDecided) {
				t.Errorf("outcome %s", r.Outcome())
			}
		})
	}
}

// A removal is decided again if the object has changed since: what somebody has taken over in between stays.
func TestDeviationsOfRemovals(t *testing.T) {
	for name, test := range map[string]struct {
		meanwhile func(m *memory, id manifest.ID)
		action    report.Action
		deviation changeset.Deviation
		note      string
		recorded  bool // it stays in the inventory
	}{
		"prune":                       {func(*memory, manifest.ID) {}, report.Pruned, changeset.AsDecided, "", false},
		"and somebody has deleted it": {func(m *memory, id manifest.ID) { m.remove(id) }, report.Pruned, changeset.Disappeared, "", false},
		"and somebody has created another": {func(m *memory, id manifest.ID) { m.remove(id); m.create(two()[0], "fitout") }, report.Kept, changeset.Replaced,
			"somebody has deleted it and created it again", false},
		"and a release has taken it over": {func(m *memory, id manifest.ID) {
			m.edit(id, "helm", "metadata|annotations|meta.helm.sh/release-name", "mine")
		}, report.Kept, changeset.Edited, "it belongs to the Helm release mine", false},
		"and somebody has removed its labels": {func(m *memory, id manifest.ID) { m.edit(id, "kubectl", "metadata|labels|fitout.dev/addon", nil) }, report.Kept, changeset.Edited,
			"it no longer has the labels", false},
		"and somebody has changed its data": {func(m *memory, id manifest.ID) { m.edit(id, "kubectl", "data|more", "1") }, report.Pruned, changeset.AsDecided, "", false},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMemory()
			mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
			m.meanwhile = map[manifest.ID]func(){idOf("two"): func() { test.meanwhile(m, idOf("two")) }}
			r, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
			if err != nil {
				t.Fatal(err)
			}
			c := r.Waves[1].Changes[0]
			if c.Action != test.action || c.Deviation != test.deviation || !strings.Contains(strings.Join(c.Notes, " "), test.note) {
				t.Errorf("%s, %q, %q", c.Action, c.Deviation, c.Notes)
			}
			if _, is := m.objects[idOf("two")]; is != (test.action == report.Kept) {
				t.Errorf("it is there: %v", is)
			}
			record, err := m.Inventory(t.Context())
			if err != nil || (len(record.Entries) == 2) != test.recorded {
				t.Errorf("recorded %d, %v", len(record.Entries), err)
			}
		})
	}
}

// An object that stays as it is needs no request, so that what others do to it meanwhile is the next run's to find.
func TestUnchangedIsNotLookedAt(t *testing.T) {
	m := newMemory()
	mustApply(t, m, planOf(t, one("1"), two()), fitout.ApplyOptions{}, "one created, two created")
	m.meanwhile = map[manifest.ID]func(){idOf("two"): func() { m.edit(idOf("one"), "kubectl-edit", "data|key", "theirs") }}
	changed := two()
	changed[0].Object["data"] = map[string]any{"key": "3"}
	mustApply(t, m, planOf(t, one("1"), changed), fitout.ApplyOptions{}, "one unchanged, two configured")
	_, err := apply(m, planOf(t, one("1"), changed), fitout.ApplyOptions{})
	if err == nil || !strings.Contains(err.Error(), "set by kubectl-edit") {
		t.Errorf("the next run: %v", err)
	}
}

// What is done carries its effect, and whether it can be undone.
func TestReportHasEffects(t *testing.T) {
	m := newMemory()
	m.create(one("0")[0], "fitout")
	r, err := apply(m, planOf(t, one("1")), fitout.ApplyOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if c := r.Waves[0].Changes[0]; c.Effect != changeset.Configuration || c.Undo != "" {
		t.Errorf("%+v", c)
	}
	if _, err = apply(m, planOf(t, two()), fitout.ApplyOptions{}); err != nil {
		t.Fatal(err)
	}
	o := one("0")[0]
	o.SetLabels(nil)
	m.create(o, "kubeadm")
	r, err = apply(m, planOf(t, one("1"), two()), fitout.ApplyOptions{Policies: changeset.Options{Adopt: true, Accept: changeset.Names{"all"}}})
	if c := r.Waves[0].Changes[0]; err != nil || c.Effect != changeset.Configuration || c.Undo != "the settings of kubeadm are not recorded" {
		t.Errorf("%+v, %v", c, err)
	}
}
