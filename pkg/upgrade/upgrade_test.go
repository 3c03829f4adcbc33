package upgrade_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/upgrade"
)

// known are addons with rules of upgrades.
var known = map[string]bundle.Addon{
	"net": {Name: "net", Role: "cni", Upgrade: bundle.Upgrade{Minors: 1, Reason: "upstream says so", Decisions: []bundle.UpgradeDecision{
		{Name: "data-path", Kind: "ConfigMap", Object: "net", Field: "data.conf.json", Paths: []string{"Backend.Type"}, Means: "nodes do not reach each other"},
		{Name: "mode", Kind: "ConfigMap", Object: "net", Field: "data.mode", Means: "connections break"},
		{Name: "pod-cidr", Kind: "DaemonSet", Object: "net", Env: "RANGE", Means: "pods keep old addresses"},
	}}},
	"other": {Name: "other", Role: "cni"},
}

func object(t *testing.T, text string) *manifest.Object {
	t.Helper()
	objects, err := manifest.Parse("test", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return objects[0]
}

// changed is a change from one object to another.
func changed(t *testing.T, before, after string) changeset.Change {
	c := changeset.Change{Addon: "net", Action: changeset.Configure, Effect: changeset.Configuration, Live: object(t, before), Wanted: object(t, after)}
	c.ID = manifest.IDOf(c.Live)
	return c
}

func configMap(mode, backend string) string {
	return `{apiVersion: v1, kind: ConfigMap, metadata: {name: net}, data: {mode: "` + mode + `", conf.json: '{"Backend": {"Type": "` + backend + `"}}'}}`
}

func daemonSet(value string) string {
	return `{apiVersion: apps/v1, kind: DaemonSet, metadata: {name: net}, spec: {template: {spec: {containers: [{name: a}, {name: b, env: [{name: RANGE, value: "` + value + `"}]}]}}}}`
}

func addon(name, version string) render.Addon {
	return render.Addon{Addon: known[name], Version: version}
}

func TestDecisions(t *testing.T) {
	definition := func(versions, stored string) string {
		return `{apiVersion: apiextensions.k8s.io/v1, kind: CustomResourceDefinition, metadata: {name: a.example.org}, spec: {versions: [` + versions + `]}, status: {storedVersions: [` + stored + `]}}`
	}
	class := changeset.Change{ID: manifest.ID{Group: "storage.k8s.io", Kind: "StorageClass", Name: "fast"}, Action: changeset.Prune}
	one, two := map[string]string{"net": "1.2.0"}, "1.3.4"
	for name, c := range map[string]struct {
		from, to string // minors
		before   map[string]string
		after    []render.Addon
		set      changeset.Set
		want     string // names, and parts of the reasons
	}{
		"the next minor":         {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{}, ""},
		"the same minor":         {"1.36", "1.36", one, []render.Addon{addon("net", two)}, changeset.Set{}, ""},
		"two minors":             {"1.35", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{}, "several-minors: 2 minors after 1.35"},
		"the minor before":       {"1.37", "1.36", one, []render.Addon{addon("net", two)}, changeset.Set{}, "downgrade: older than 1.37"},
		"two minors of an addon": {"1.36", "1.37", one, []render.Addon{addon("net", "1.4.0")}, changeset.Set{}, "addon-version: net 1.2.0 to 1.4.0 skips minors"},
		"a major of an addon":    {"1.36", "1.37", map[string]string{"other": "1.2.0"}, []render.Addon{addon("other", "2.0.0")}, changeset.Set{}, "addon-version: another major version"},
		"an older addon":         {"1.36", "1.37", one, []render.Addon{addon("net", "1.1.9")}, changeset.Set{}, "addon-version: is a downgrade"},
		"another network":        {"1.36", "1.37", one, []render.Addon{addon("other", "1.0")}, changeset.Set{}, "cni: other takes the place of net"},
		"no network":             {"1.36", "1.37", one, nil, changeset.Set{}, "cni: net goes, and nothing takes its place"},
		"the data path": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, configMap("a", "vxlan"), configMap("a", "udp"))}},
			"data-path: Backend.Type becomes udp instead of vxlan: nodes do not reach each other"},
		"a setting that goes": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, configMap("a", "vxlan"), configMap("", "vxlan"))}},
			"mode: data.mode becomes nothing instead of a"},
		"a text that is no YAML": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, configMap("a", `"{`), configMap("a", "udp"))}},
			"data-path: Backend.Type becomes udp instead of nothing"},
		"the same settings":      {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, configMap("a", "udp"), configMap("a", "udp"))}}, ""},
		"a variable":             {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, daemonSet("10.0.0.0/8"), daemonSet("10.1.0.0/16"))}}, "pod-cidr: RANGE becomes 10.1.0.0/16 instead of 10.0.0.0/8"},
		"a class goes":           {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Removals: []changeset.Change{class}}, "storage-class: claims that name it"},
		"a version that is kept": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, definition("{name: v1}", "v1"), definition("{name: v1}, {name: v2}", ""))}}, ""},
		"a version that goes": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Changes: []changeset.Change{changed(t, definition("{name: v1beta1}", "v1beta1"), definition("{name: v1}", ""))}},
			"stored-version: may be stored in v1beta1"},
		"a refusal": {"1.36", "1.37", one, []render.Addon{addon("net", two)}, changeset.Set{Faults: []changeset.Refusal{{Reason: "cannot be read", Remedy: "mend it"}}}, "refused: cannot be read (mend it)"},
	} {
		t.Run(name, func(t *testing.T) {
			in := upgrade.Input{From: upgrade.Side{Bundle: c.from}, To: upgrade.Side{Bundle: c.to}, Before: c.before, After: c.after, Known: known, Set: &c.set}
			p := upgrade.Decide(in)
			decision, reason, _ := strings.Cut(c.want, ": ")
			switch {
			case c.want == "" && len(p.Decisions) == 0:
			case len(p.Decisions) != 1 || p.Decisions[0].Name != decision || !strings.Contains(p.Decisions[0].String(), reason):
				t.Fatalf("%v, want %s", p.Decisions, c.want)
			case !strings.Contains(p.Summary, "needs 1 decision ("+decision+")"):
				t.Errorf("summary %q", p.Summary)
			}
			if in.Accepted = []string{decision}; decision != upgrade.Refused && len(upgrade.Decide(in).Undecided()) > 0 {
				t.Error("--accept does not take it")
			}
		})
	}
}

func TestTextIsSafe(t *testing.T) {
	c := changed(t, configMap("a", "vxlan"), configMap("a", "vxlan"))
	c.Wanted.Object["data"] = map[string]any{"mode": "\x1b[31m|<b>"}
	c.Fields = []objectdiff.Difference{{Path: "data.\x1b[2J", Want: "a", Got: "b"}}
	p := upgrade.Decide(upgrade.Input{Known: known, Before: map[string]string{"net": "1"}, After: []render.Addon{addon("net", "1")}, Set: &changeset.Set{Changes: []changeset.Change{c}}})
	for _, text := range []string{p.Text(), p.Markdown()} {
		if strings.Contains(text, "\x1b") {
			t.Errorf("%q", text)
		}
	}
	if strings.Contains(p.Markdown(), "<b>") {
		t.Errorf("%q has markup of others", p.Markdown())
	}
}

// An addon that has moved to another namespace is told as one change.
func TestMoved(t *testing.T) {
	at := func(namespace, name string) manifest.ID {
		return manifest.ID{Group: "apps", Kind: "DaemonSet", Namespace: namespace, Name: name}
	}
	set := &changeset.Set{
		Changes: []changeset.Change{{ID: at("kube-net", "net-ds"), Addon: "net", Action: changeset.Create}},
		Removals: []changeset.Change{
			{ID: at("kube-system", "net-ds-amd64"), Addon: "net", Action: changeset.Prune, Effect: changeset.Removal},
			{ID: at("kube-system", "net-ds-arm64"), Addon: "net", Action: changeset.Prune, Effect: changeset.Removal},
		},
	}
	p := upgrade.Decide(upgrade.Input{Known: known, Before: map[string]string{"net": "1"}, After: []render.Addon{addon("net", "1")}, Set: set})
	if got, want := p.Addons[0].Text(), "net 1, after-control-plane\n  moved: DaemonSet kube-net/net-ds: in the place of DaemonSet kube-system/net-ds-amd64\n"; got != want {
		t.Errorf("%s, want %s", got, want)
	}
	if !strings.HasPrefix(p.Summary, "moves 1 object") {
		t.Error(p.Summary)
	}
}
