package fitout_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// dnsOf returns the DNS addon of a minor and its ConfigMap, with the Corefile.
func dnsOf(t *testing.T, minor string) (render.Addon, *manifest.Object, string) {
	t.Helper()
	plan := prepare(t, catalogue(t), minor, "flannel", "none")
	for _, a := range plan.Rendering.Addons {
		for _, o := range a.Objects {
			if len(a.Edits) > 0 && a.Edits[0].Of(o.GetKind(), o.GetName()) {
				text, _, _ := unstructured.NestedString(o.Object, a.Edits[0].Path()...)
				return a, o, text
			}
		}
	}
	t.Fatal("no addon is edited")
	return render.Addon{}, nil, ""
}

const (
	oldZone  = "\n# the office\nold.example {\n    proxy . 192.0.2.1\n}\n"
	badZone  = "\n# the office\nbad.example {\n    nonsense 192.0.2.1\n}\n"
	newZone  = "\nnew.example {\n    forward . 192.0.2.1\n}\n"
	field    = "data.Corefile: "
	in       = "ConfigMap kube-system/coredns: data.Corefile: "
	ourWay   = "; or --conflicts coredns=take-over puts the bundle's in its place"
	takenOut = "taken over in ConfigMap kube-system/coredns: "
	kept     = "kept in ConfigMap kube-system/coredns: server block "
	// goneTo is what is said of a proxy in the version of 1.36, but for the line.
	goneTo = "proxy was removed in CoreDNS 1.5.0, and 1.14.2 does not start with it; write forward, without fail_timeout, max_fails, health_check, protocol and spray; a stub domain (proxy ZONE ADDRESS) becomes a server block of its own with forward"
)

// migrated is what becomes of an old zone.
func migrated(zone string) string { return strings.ReplaceAll(zone, "proxy", "forward") }

// rewritten is what is said of a line of an old zone.
func rewritten(line string) string {
	return "migrated in ConfigMap kube-system/coredns: data.Corefile line " + line + ": - proxy . 192.0.2.1; + forward . 192.0.2.1: proxy was removed in CoreDNS 1.5.0, and 1.14.2 does not start with it"
}

func TestEditsAreMerged(t *testing.T) {
	addon, o, ours := dnsOf(t, "1.36")
	hosts := strings.Replace(ours, "    errors\n", "    errors\n    hosts {\n        192.0.2.1 a\n    }\n", 1)
	for name, test := range map[string]struct {
		live    string
		policy  changeset.Policy
		others  bool   // who set the field is somebody else
		want    string // ours if empty
		notes   []string
		refused []string
	}{
		"nothing of theirs":          {live: ours},
		"a zone":                     {live: ours + newZone, want: ours + newZone, notes: []string{kept + "new.example"}},
		"a zone that is too old":     {live: ours + oldZone, want: ours + migrated(oldZone), notes: []string{rewritten("32"), kept + "old.example"}},
		"a zone without a remedy":    {live: ours + badZone, refused: []string{field + "line 32: nonsense is not a plugin of CoreDNS 1.14.2; remove it" + ourWay}},
		"and kept":                   {live: ours + oldZone, policy: changeset.Leave, others: true, refused: []string{field + "line 32: " + goneTo + ourWay}},
		"and taken over":             {live: ours + oldZone + newZone, policy: changeset.TakeOver, want: ours + newZone, notes: []string{takenOut + "line 30 goes: # the office", takenOut + "line 31 goes: old.example {", takenOut + "line 32 goes: proxy . 192.0.2.1", kept + "new.example"}},
		"two that are too old":       {live: ours + oldZone + strings.ReplaceAll(oldZone, "old.", "older."), want: ours + migrated(oldZone+strings.ReplaceAll(oldZone, "old.", "older.")), notes: []string{rewritten("32"), rewritten("37"), kept + "old.example", kept + "older.example"}},
		"the default zone":           {live: hosts, others: true},
		"and kept whole":             {live: hosts, policy: changeset.Leave, others: true},
		"kept whole, but too old":    {live: strings.Replace(hosts, "hosts {", "federation {", 1), policy: changeset.Leave, others: true, refused: []string{field + "line 3: federation was removed in CoreDNS 1.7.0, and 1.14.2 does not start with it; remove it; Kubernetes ended the federation that it served in 1.11" + ourWay}},
		"taken over":                 {live: hosts, policy: changeset.TakeOver, others: true, notes: []string{takenOut + "line 3 goes: hosts {", takenOut + "line 4 goes: 192.0.2.1 a"}},
		"broken":                     {live: "a {\n log\n", refused: []string{field + "the live Corefile: line 1: { is not closed; close it" + ourWay}},
		"broken and taken over":      {live: "a {\n log\n", policy: changeset.TakeOver, notes: []string{takenOut + "the live Corefile: line 1: { is not closed; close it", takenOut + "line 1 goes: a {", takenOut + "line 2 goes: log"}},
		"both kinds of zones":        {live: ".:53 a.example {\n log\n}\n" + newZone, refused: []string{field + "the live Corefile: line 1: the block is of .:53, which the bundle's Corefile serves, and of a.example, which it does not; give the latter a block of its own" + ourWay}},
		"both kinds, and taken over": {live: ".:53 a.example {\n log\n}\n" + newZone, policy: changeset.TakeOver, want: ours + newZone, notes: []string{takenOut + "line 2 goes: log", kept + "new.example"}},
		"an import of nothing":       {live: ours + "import custom/*.server\n", want: ours + "\nimport custom/*.server\n", notes: []string{in + "line 29: import custom/*.server imports nothing: no volume has such files; remove it, or mount them in a patch", "kept in ConfigMap kube-system/coredns: import custom/*.server"}},
	} {
		t.Run(name, func(t *testing.T) {
			live := o.DeepCopy()
			if err := unstructured.SetNestedField(live.Object, test.live, "data", "Corefile"); err != nil {
				t.Fatal(err)
			}
			manager := map[bool]string{true: "kubectl-edit", false: "fitout"}[test.others]
			live.SetManagedFields([]metav1.ManagedFieldsEntry{{Manager: manager, FieldsV1: metav1.NewFieldsV1(`{"f:data":{"f:Corefile":{}}}`)}})
			merged, notes, refused := fitout.MergeEdits(addon, test.policy, o, live)
			got, _, _ := unstructured.NestedString(merged.Object, "data", "Corefile")
			if test.want == "" {
				test.want = ours
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff([][]string{test.notes, test.refused}, [][]string{notes, refused}); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// A Corefile with thousands of zones, which somebody else may have written, is told in few lines.
func TestManyZones(t *testing.T) {
	addon, o, ours := dnsOf(t, "1.36")
	var zones strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&zones, "\nz%d.example {\n    forward . 192.0.2.1\n}\n", i)
	}
	live := o.DeepCopy()
	if err := unstructured.SetNestedField(live.Object, ours+zones.String(), "data", "Corefile"); err != nil {
		t.Fatal(err)
	}
	merged, notes, refused := fitout.MergeEdits(addon, changeset.Fail, o, live)
	if got, _, _ := unstructured.NestedString(merged.Object, "data", "Corefile"); got != ours+zones.String() || len(refused) > 0 {
		t.Errorf("the zones are not kept; refused %q", refused)
	}
	if len(notes) != 51 || notes[50] != "kept in ConfigMap kube-system/coredns: 4950 more" {
		t.Errorf("%d notes, the last %q", len(notes), notes[len(notes)-1])
	}
}

// An image of another version may have other plugins: that is said, and not refused.
func TestEditsOfAnotherBuild(t *testing.T) {
	addon, o, ours := dnsOf(t, "1.36")
	addon.Objects = slices.Clone(addon.Objects)
	for i, other := range addon.Objects {
		if other.GetKind() == "Deployment" {
			addon.Objects[i] = other.DeepCopy()
			containers, _, _ := unstructured.NestedSlice(other.Object, "spec", "template", "spec", "containers")
			containers[0].(map[string]any)["image"] = "registry.example:5000/dns:ours"
			if err := unstructured.SetNestedSlice(addon.Objects[i].Object, containers, "spec", "template", "spec", "containers"); err != nil {
				t.Fatal(err)
			}
		}
	}
	live := o.DeepCopy()
	if err := unstructured.SetNestedField(live.Object, ours+oldZone, "data", "Corefile"); err != nil {
		t.Fatal(err)
	}
	_, notes, refused := fitout.MergeEdits(addon, changeset.Fail, o, live)
	if diff := cmp.Diff([]string{in + "line 32: " + goneTo, kept + "old.example"}, notes); diff != "" || len(refused) > 0 {
		t.Errorf("refused %q %s", refused, diff)
	}
}

// What bundles render starts; what values and patches make of it is checked before anything is touched.
func TestValidateEdits(t *testing.T) {
	c := catalogue(t)
	for _, minor := range c.Minors() {
		prepare(t, c, minor, "flannel", "none")
	}
	const values = "addons.coredns.values leads to a fault: "
	for extra, want := range map[string]string{
		"hosts {\n  192.0.2.1 a\n  fallthrough\n}\nlog": "",
		"proxy . 192.0.2.1":                             values + in + "line 28: " + goneTo,
	} {
		file := clusterfile.File{Cluster: clusterfile.Cluster{KubernetesVersion: "1.36", CNI: "flannel", Ingress: "none",
			Addons: map[string]clusterfile.Addon{"coredns": {Values: map[string]any{"extraConfig": extra}}}}}
		got := ""
		if _, err := fitout.Prepare(c, file, nil, nil); err != nil {
			got = err.Error()
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}
