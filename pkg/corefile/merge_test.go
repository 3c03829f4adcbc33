package corefile

import (
	"os"
	"path"
	"strings"
	"testing"

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
			merged, err := Merge(ours, theirs)
			var kept []string
			for _, k := range merged.Kept {
				kept = append(kept, k.Name)
			}
			if err != nil {
				kept = []string{err.Error()}
			}
			if diff := cmp.Diff(want, merged.Text); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(wantKept, strings.Join(append(kept, ""), "\n")); diff != "" {
				t.Error(diff)
			}
			if err != nil {
				return
			}
			if again, err := Merge(ours, merged.Text); err != nil || again.Text != merged.Text {
				t.Errorf("merged again it is\n%s\nerror %v", again.Text, err)
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
		"a {\n}\n{{{\n":           "line 3: the zone {{{ has a brace in it; write a blank before a {, or remove it",
		"a{\n}\n":                 "line 1: the zone a{ has a brace in it; write a blank before a {, or remove it",
		"a }} {\n}\n":             "line 1: the zone }} has a brace in it; write a blank before a {, or remove it",
		"{$} {\n}\n":              "line 1: the zone {$} has a brace in it; write a blank before a {, or remove it",
	} {
		if _, err := parse(text); err == nil || err.Error() != want {
			t.Errorf("%q: error %v, want %s", text, err, want)
		}
	}
}

func TestParseTakesVariables(t *testing.T) {
	for _, text := range []string{"{$ZONE} {\n}\n", "{%ZONE%}:53 {\n}\n", "a.{$ZONE}:{$PORT} {\n}\n"} {
		if _, err := parse(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// What no object can hold is refused with its line where it would be kept, and is no matter where it would not.
func TestMergeRefusesUnwritable(t *testing.T) {
	const ours, refused = ".:53 {\n    errors\n}\n", "the live Corefile: line 5: holds "
	for live, want := range map[string]string{
		"%s# a\u009bb\n":       refused + "the character U+009B that no ConfigMap can be applied with; remove it",
		"%sx {\n}\n# a\x00b\n": "the live Corefile: line 7: holds the character U+0000 that no ConfigMap can be applied with; remove it",
		"%sx { # \x1b\n}\n":    refused + "the character U+001B that no ConfigMap can be applied with; remove it",
		"%sx {\n}\n# \ufffe\n": "the live Corefile: line 7: holds the character U+FFFE that no ConfigMap can be applied with; remove it",
		"%s# \xff\n":           refused + `the byte \xff, which is not UTF-8, that no ConfigMap can be applied with; remove it`,
		"%s# \ufeff\n":         refused + "the character U+FEFF that no ConfigMap can be applied with; remove it",
		"\ufeff%s# Gr\u00fc\u00dfe \U0001f642\u0085\n": "",
	} {
		_, err := Merge(ours, strings.Replace(live, "%s", "# c\n"+ours, 1))
		got := ""
		if err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: error %q, want %q", live, got, want)
		}
	}
	if _, err := Merge(ours, ".:53 {\n    errors # \x1b\n}\n"); err != nil {
		t.Errorf("what goes anyway is refused: %v", err)
	}
}

func TestCheckDirectives(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "log": "", "# }\nlog": "", "hosts {\n  192.0.2.1 a\n  fallthrough\n}\nlog": "", "log\n# {": "", "x \"}\" y": "line 1: } closes the server block that the text stands in; remove it",
		"}\nevil {\n  whoami": "line 1: } closes the server block that the text stands in; remove it",
		"log\n}":              "line 2: } closes the server block that the text stands in; remove it",
		"a {\n}\n}\nevil {":   "line 3: } closes the server block that the text stands in; remove it",
		"a {\n":               "line 1: { is not closed; close it",
		"{\n policy x\n}":     "line 1: { without a plugin before it; name the plugin",
		"log \"a":             "line 1: the quote is not closed; close it",
		"log {\n class all }": "",
	} {
		got := ""
		if err := CheckDirectives(text); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestZone(t *testing.T) {
	for key, want := range map[string]string{
		".": "dns://:53", ".:53": "dns://:53", ":53": "dns://:53", "dns://.": "dns://:53", "": "dns://:53",
		"Example.ORG.": "dns://example.org:53", "example.org:053": "dns://example.org:53", "example.org:1053": "dns://example.org:1053",
		"tls://example.org": "tls://example.org:853", "grpc://.:443": "grpc://:443", "https://a": "https://a:443", "quic://a": "quic://a:853",
		"10.0.0.0/8": "dns://10.0.0.0/8:53", "{$ZONE}": "dns://{$zone}:53", "a:b": "dns://a:b:53", "a:99999": "dns://a:99999", "x://a": "dns://x://a:53",
	} {
		if got := zone(key); got != want {
			t.Errorf("%q is %s, want %s", key, got, want)
		}
	}
}
