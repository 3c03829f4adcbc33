package corefile

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// seeds are the Corefiles of testdata, and some that no person writes.
func seeds(f *testing.F) []string {
	f.Helper()
	all := []string{
		rendered, "# c\na b {\n x {\n }\n} # d\n", "import x\n(s) {\n y \"a } b\"\n}\n", "a\r\nerrors\r\n", "a,\nb {\n}", "\ufeff# x\n# y\na{\n}",
		"tls://. { } b { }", "(s) {\n import s\n}\n. {\n import s\n}\n", "a { {\n}\n}\n", "a {\n {\n x\n }\n}\n", "a#b {\n}\n",
	}
	files, err := filepath.Glob("testdata/corefiles/*.corefile")
	if err != nil || len(files) == 0 {
		f.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		all = append(all, string(text))
	}
	return all
}

// FuzzMerge: nothing makes it panic; merging twice is merging once; what is kept is there to be found again, and not lost.
func FuzzMerge(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(".:53 {\n    errors\n}\n# tail\n", seed)
		f.Add(seed, rendered)
	}
	f.Fuzz(func(t *testing.T, ours, theirs string) {
		merged, err := Merge(ours, theirs)
		if err != nil {
			return
		}
		again, err := Merge(ours, merged.Text)
		if err != nil {
			t.Fatalf("%q and %q are merged to %q, which cannot be merged: %v", ours, theirs, merged.Text, err)
		}
		if again.Text != merged.Text || !cmp.Equal(names(merged), names(again)) {
			t.Fatalf("%q and %q are merged to\n%q %q and again to\n%q %q", ours, theirs, merged.Text, names(merged), again.Text, names(again))
		}
		lost := Lost(merged.Text, theirs)
		for _, k := range merged.Kept {
			for _, l := range lost {
				if !l.Comment && k.First < l.Number && l.Number < k.Last {
					t.Fatalf("%q and %q: %s of line %d is kept and lost: %s", ours, theirs, k.Name, k.First, l)
				}
			}
		}
	})
}

func names(m Merged) []string {
	var all []string
	for _, k := range m.Kept {
		all = append(all, k.Name)
	}
	return all
}

// FuzzCheck: nothing makes a check, or what is told of a Corefile, panic; faults and lost lines are of lines that it has; it
// loses nothing to itself.
func FuzzCheck(f *testing.F) {
	for _, seed := range seeds(f) {
		f.Add(seed)
	}
	plugins := table(f)
	f.Fuzz(func(t *testing.T, live string) {
		lines := len(read(live).lines)
		for _, version := range []string{"1.3.1", "1.14.6"} {
			faults, err := plugins.Check(version, live, mounted)
			for _, fault := range faults {
				if fault.Line < 1 || fault.Line > lines || err != nil {
					t.Fatalf("%q has %d lines: %s, error %v", live, lines, fault, err)
				}
			}
		}
		for _, l := range Lost(rendered, live) {
			if l.Number < 1 || l.Number > lines || l.String() == "" {
				t.Fatalf("%q has %d lines: %s", live, lines, l)
			}
		}
		if lost := Lost(live, live); len(lost) > 0 {
			t.Fatalf("%q loses to itself: %v", live, lost)
		}
		if s, err := SettingsOf(rendered, live); err == nil && s.Directives != "" {
			if _, err := parse(".:53 {\n" + s.Directives + "\n}\n"); err != nil {
				t.Fatalf("%q: the directives %q cannot be parsed: %v", live, s.Directives, err)
			}
		}
	})
}
