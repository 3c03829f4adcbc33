package localedit

import (
	"os"
	"path"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/google/go-cmp/cmp"
)

// Each file has the bundle's Corefile, the live one, and what they come to with the names of what was kept, or the error.
func TestMerge(t *testing.T) {
	files, err := os.ReadDir("testdata/merge")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(file.Name(), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(path.Join("testdata/merge", file.Name()))
			if err != nil {
				t.Fatal(err)
			}
			sections := strings.Split(string(text), "=====\n")
			if len(sections) != 4 {
				t.Fatalf("%d sections, want 4: the bundle's, the live one, merged, kept", len(sections))
			}
			ours, theirs, want, wantKept := sections[0], sections[1], sections[2], sections[3]
			merged, kept, err := mergeZones(ours, theirs)
			if err != nil {
				kept = []string{err.Error()}
			}
			if diff := cmp.Diff(want, merged); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wantKept, strings.Join(append(kept, ""), "\n")); diff != "" {
				t.Error(diff)
			}
			if err != nil {
				return
			}
			if again, _, err := mergeZones(ours, merged); err != nil || again != merged {
				t.Errorf("merged again it is\n%s\nerror %v", again, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"a {\n":                   "line 1: { is not closed; close it",
		"# c\n\na {\n b {\n}\n":   "line 3: { is not closed; close it",
		"a {\n errors }\n":        "line 2: } is not the first on its line, so that it would belong to what is before it; give it a line of its own",
		"a {\n b {\n c\n } }\n":   "line 4: } is not the first on its line, so that it would belong to what is before it; give it a line of its own",
		"a {\n}\n}\n":             "line 3: } where a zone is to be; write the zone before it",
		"{\n errors\n}\n":         "line 1: { where a zone is to be; write the zone before it",
		"a, {\n errors\n}\n":      "line 1: { where a zone is to be; write the zone before it",
		"a,\n":                    "line 1: a zone is to follow the comma; take it away",
		"a {\n x \"b\n}\n":        "line 2: the quote is not closed; close it",
		"\n\"\\\"":                "line 2: the quote is not closed; close it",
		"import\na {\n}\n":        "line 1: import has no file; name one",
		"import a b\n":            "line 1: import takes one file, and b follows it; write a line for each",
		"(a)\nb\n":                "line 1: { is to follow the snippet (a); write it",
		"a\n errors\n}\nb {\n}\n": "line 3: } closes nothing; take it away",
		"a\n x {\n":               "line 1: a { is not closed; close it",
	} {
		if _, err := parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestZone(t *testing.T) {
	for key, want := range map[string]string{
		".": "dns://:53", ".:53": "dns://:53", ":53": "dns://:53", "dns://.": "dns://:53", "": "dns://:53",
		"Example.ORG.": "dns://example.org:53", "example.org:053": "dns://example.org:53", "example.org:1053": "dns://example.org:1053",
		"tls://example.org": "tls://example.org:853", "grpc://.:443": "grpc://:443", "https://a": "https://a:443", "quic://a": "quic://a:853",
		"10.0.0.0/8": "dns://10.0.0.0/8:53", "{$ZONE}": "dns://{$zone}:53", "a:b": "dns://a:b:53", "a:99999": "dns://a:99999:53", "x://a": "dns://x://a:53",
	} {
		if got := zone(key); got != want {
			t.Errorf("%q is %s, want %s", key, got, want)
		}
	}
}

const corefile = ".:53 {\n    errors\n}\n"

func configMap(corefile string) *manifest.Object {
	return &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap", "metadata": map[string]any{"name": "coredns", "namespace": "kube-system"},
		"data": map[string]any{"Corefile": corefile, "Core.file": corefile}}}
}

func TestMergeObjects(t *testing.T) {
	edits := []bundle.Edit{{Kind: "ConfigMap", Name: "coredns", Field: "data.Corefile", Keep: "zones"}, {Kind: "ConfigMap", Name: "coredns", Field: "data.Core.file", Keep: "zones"}}
	local := corefile + "a.example {\n}\n"
	other := configMap(local)
	other.SetName("other")
	empty := configMap("")
	delete(empty.Object, "data")
	odd := configMap("")
	odd.Object["data"] = "text"
	for name, test := range map[string]struct {
		edits        []bundle.Edit
		wanted, live *manifest.Object
		kept, want   string // of Corefile and of Core.file
	}{
		"an edited field":     {edits[:1], configMap(corefile), configMap(local), "server block a.example", corefile + "\na.example {\n}\n" + corefile},
		"a key with a dot":    {edits[1:], configMap(corefile), configMap(local), "server block a.example", corefile + corefile + "\na.example {\n}\n"},
		"both":                {edits, configMap(corefile), configMap(local), "server block a.example, server block a.example", corefile + "\na.example {\n}\n" + corefile + "\na.example {\n}\n"},
		"nothing of its own":  {edits, configMap(corefile), configMap(corefile), "", corefile + corefile},
		"nothing declared":    {nil, configMap(corefile), configMap(local), "", corefile + corefile},
		"another object":      {edits, other, configMap(corefile), "", local + local},
		"nothing live":        {edits, configMap(corefile), nil, "", corefile + corefile},
		"no such field there": {edits, configMap(corefile), empty, "", corefile + corefile},
		"another shape there": {edits, configMap(corefile), odd, "", corefile + corefile},
		"no such field here":  {edits[:1], empty, configMap("a.example {\n}\n"), "server block a.example", "\n\na.example {\n}\n"},
		"another shape here":  {edits[:1], odd, configMap(local), "ConfigMap kube-system/coredns: data.Corefile: value cannot be set because .data is not a map[string]interface{}; render it as a map of texts", ""},
		"a broken live one":   {edits, configMap(corefile), configMap("a {"), "ConfigMap kube-system/coredns: data.Corefile: the live Corefile: line 1: { is not closed; close it", ""},
		"a broken bundle":     {edits, configMap("a {"), configMap("b {\n}"), "ConfigMap kube-system/coredns: data.Corefile: the bundle's Corefile: line 1: { is not closed; close it", ""},
	} {
		t.Run(name, func(t *testing.T) {
			before := test.wanted.DeepCopy()
			merged, kept, err := Merge(test.edits, test.wanted, test.live)
			got := ""
			if err != nil {
				kept = []string{err.Error()}
			} else {
				data, _ := merged.Object["data"].(map[string]any)
				first, _ := data["Corefile"].(string)
				second, _ := data["Core.file"].(string)
				got = first + second
			}
			if diff := cmp.Diff([]string{test.kept, test.want}, []string{strings.Join(kept, ", "), got}); diff != "" {
				t.Error(diff)
			}
			if !cmp.Equal(before.Object, test.wanted.Object) {
				t.Error("the wanted object itself was changed")
			}
		})
	}
}

// The Corefiles that the addon renders can be merged, and CoreDNS declares its edits.
func TestCoreDNSDeclaresItsEdits(t *testing.T) {
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := c.Addon("coredns")
	if len(a.Edits) != 1 || a.Edits[0].Field != "data.Corefile" {
		t.Errorf("edits are %v", a.Edits)
	}
}

// FuzzMerge: nothing makes it panic; merging twice is merging once; what is kept is there to be found again.
func FuzzMerge(f *testing.F) {
	for _, seed := range []string{
		corefile, "# c\na b {\n x {\n }\n} # d\n", "import x\n(s) {\n y \"a } b\"\n}\n", "a\r\nerrors\r\n", "a,\nb {\n}", "\ufeff# x\n# y\na{\n}", "tls://. { } b { }",
	} {
		f.Add(corefile+"# tail\n", seed)
		f.Add(seed, corefile)
	}
	f.Fuzz(func(t *testing.T, ours, theirs string) {
		merged, kept, err := mergeZones(ours, theirs)
		if err != nil {
			return
		}
		again, keptAgain, err := mergeZones(ours, merged)
		if err != nil {
			t.Fatalf("%q and %q are merged to %q, which cannot be merged: %v", ours, theirs, merged, err)
		}
		if again != merged || !cmp.Equal(kept, keptAgain) {
			t.Fatalf("%q and %q are merged to\n%q %q and again to\n%q %q", ours, theirs, merged, kept, again, keptAgain)
		}
	})
}
