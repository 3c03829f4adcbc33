// Package docpages holds generated files, such as pages of docs/, to what generates them, for tests.
package docpages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

// HoldAll is Hold for a folder that has generated files only: another one was left behind, and is removed.
func HoldAll(t *testing.T, dir string, pages map[string]string, update bool) {
	t.Helper()
	Hold(t, dir, pages, update)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if _, generated := pages[e.Name()]; generated {
			continue
		}
		if file := filepath.Join(dir, e.Name()); !update {
			t.Errorf("%s: nothing generates it any more; run make update", file)
		} else if err := os.Remove(file); err != nil {
			t.Error(err)
		}
	}
}

// Hold compares generated files, by their paths below a folder, with those that are checked in, or rewrites these.
func Hold(t *testing.T, dir string, pages map[string]string, update bool) {
	t.Helper()
	for name, page := range pages {
		file := filepath.Join(dir, name)
		if update {
			if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		old, err := os.ReadFile(file)
		if err != nil {
			t.Errorf("%v; run make update", err)
			continue
		}
		if d := diff.Diff(name, old, "generated", []byte(page)); len(d) > 0 {
			t.Errorf("run make update:\n%s", d)
		}
	}
}
