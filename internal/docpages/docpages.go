// Package docpages holds generated pages of docs/ to what generates them, for tests.
package docpages

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/diff"
)

// Hold compares generated pages, by their paths below docs/, with those that are checked in, or rewrites these. The test runs
// in a folder two below the root of the repository.
func Hold(t *testing.T, pages map[string]string, update bool) {
	t.Helper()
	for name, page := range pages {
		file := filepath.Join("../../docs", name)
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
