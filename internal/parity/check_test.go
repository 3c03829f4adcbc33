package parity

import (
	"bytes"
	"maps"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
)

// Without any reference at hand, this much can be said: each addon has a parity file with an entry for each of its charts, the
// cluster of each entry gets that chart, and its objects do not differ from themselves in another order.
func TestParityFiles(t *testing.T) {
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, addon := range catalogue.Names() {
		file, err := read(addons.FS, addon)
		if err != nil {
			t.Error(err)
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(file.Lines)) {
			objects, err := rendered(catalogue, addon, name, file.Lines[name])
			if err != nil {
				t.Error(err)
			}
			reversed := slices.Clone(objects)
			slices.Reverse(reversed)
			if lines, _ := Compare(objects, reversed, nil); len(lines) > 0 {
				t.Errorf("%s %s differs from itself: %q", addon, name, lines)
			}
		}
	}
}

// tiny is a catalogue of one addon with one chart, its parity file and the reference that it names.
func tiny(parity, reference string) (addons, bundles, references fstest.MapFS) {
	file := func(text string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(text)} }
	addons = fstest.MapFS{
		"coredns/addon.yaml":           file("apiVersion: fitout.dev/v1alpha1\nkind: Addon\nname: coredns\nsummary: s\nrole: dns\nwhen: 'true'\nlifecycle: {support: [{kubernetes: '1.36', level: tested}]}\n"),
		"coredns/1/Chart.yaml":         file("apiVersion: v2\nname: coredns\nversion: 1.0.0\n"),
		"coredns/1/values.yaml":        file("images: {}\n"),
		"coredns/1/templates/sa.yaml":  file("apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: coredns, namespace: kube-system}\n"),
		"coredns/1/templates/cfg.yaml": file("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\ndata: {a: b}\n"),
		"coredns/parity.yaml":          file("apiVersion: fitout.dev/v1alpha1\nkind: Parity\nlines:\n" + parity),
	}
	bundles = fstest.MapFS{"1.36.yaml": file("apiVersion: fitout.dev/v1alpha1\nkind: Bundle\nkubernetes: '1.36'\ntestedVersion: v1.36.4\naddons: {coredns: {chart: '1', version: 1.0.0}}\n")}
	return addons, bundles, fstest.MapFS{"coredns.yaml": file(reference)}
}

const (
	entry    = "  '1': {reference: coredns.yaml, cluster: {kubernetesVersion: '1.36', cni: none, kubeProxy: {enabled: true}, csi: none}"
	upstream = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: coredns}\n---\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns}\ndata: {a: c}\n"
)

func TestCheck(t *testing.T) {
	for _, c := range []struct{ name, parity, want string }{
		{"unlisted", entry + "}\n", "coredns 1 and coredns.yaml: 1 differences, 0 listed, 1 unlisted\n  unlisted: ConfigMap coredns: key a: b here, c upstream\n"},
		{"listed", entry + ", differences: [{reason: r, lines: ['ConfigMap coredns: key a: b here, c upstream']}]}\n", "coredns 1 and coredns.yaml: 1 differences, 1 listed, 0 unlisted\n"},
		{
			"stale", entry + ", names: {Service a: Service b}, differences: [{reason: r, lines: ['ConfigMap coredns: key *', 'ConfigMap coredns: gone']}]}\n",
			"coredns 1 and coredns.yaml: 1 differences, 1 listed, 0 unlisted\n  listed, but not there: ConfigMap coredns: gone\n  listed, but not there: Service a: Service b\n",
		},
	} {
		results, err := Check(tiny(c.parity, upstream))
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var out bytes.Buffer
		if Print(&out, results, false); out.String() != c.want {
			t.Errorf("%s: got\n%swant\n%s", c.name, out.String(), c.want)
		}
		if good := results[0].Good(); good != (c.name == "listed") {
			t.Errorf("%s: good is %v", c.name, good)
		}
	}
}

func TestPrintAll(t *testing.T) {
	var out bytes.Buffer
	Print(&out, []Result{{Addon: "a", Line: "1", Reference: "r", Differences: []string{"A a: x", "A a: y"}, Unlisted: []string{"A a: y"}}}, true)
	if want := "a 1 and r: 2 differences, 1 listed, 1 unlisted\n  listed: A a: x\n  unlisted: A a: y\n"; out.String() != want {
		t.Errorf("got\n%swant\n%s", out.String(), want)
	}
}

func TestFaultsOfParityFilesAreFound(t *testing.T) {
	for _, c := range []struct{ name, parity, want string }{
		{"no entry", "  {}\n", "coredns/parity.yaml: lines has no entry 1; add one"},
		{"no chart", entry + "}\n  '2': {reference: r, cluster: {}}\n", "coredns/parity.yaml: lines.2 is no chart of the addon"},
		{"no reason", entry + ", differences: [{reason: '', lines: [A a]}]}\n", "lines.1.differences[0] has no reason"},
		{"any kind", entry + ", differences: [{reason: r, lines: ['*: only here']}]}\n", "lines.1.differences[0] is for objects of any kind: *: only here"},
		{"unknown field", entry + ", extra: 1}\n", "extra is not a field of this format"},
		{"no reference", strings.Replace(entry, "coredns.yaml", "nowhere.yaml", 1) + "}\n", "lines.1.reference: open nowhere.yaml"},
		{"wrong cluster", strings.Replace(entry, "cni: none", "cni: nothing", 1) + "}\n", `cni is "nothing"`},
		{"another chart", strings.Replace(entry, "kubernetesVersion", "addons: {coredns: {enabled: false}}, kubernetesVersion", 1) + "}\n", "lines.1.cluster: does not get this chart"},
	} {
		_, err := Check(tiny(c.parity, upstream))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %s", c.name, err, c.want)
		}
	}
}
