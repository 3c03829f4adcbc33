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
