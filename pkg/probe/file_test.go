package probe_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/probe"
)

// What was written is found once; a volume that has lost it, or holds something else, is told.
func TestFiles(t *testing.T) {
	file := filepath.Join(t.TempDir(), "token")
	run := func(kind probe.Kind, path, text string) probe.Result {
		return probe.Run(t.Context(), []probe.Task{{ID: "f", Kind: kind, Path: path, Text: text, Timeout: short}})[0]
	}
	if r := run(probe.Write, file, "token"); !r.OK || r.Answer != "5 bytes" {
		t.Fatalf("write: %+v", r)
	}
	if r := run(probe.Take, file, "other"); r.OK || !strings.Contains(r.Error, "what was written is lost: ") || !strings.Contains(r.Error, "holds 5 other bytes") {
		t.Errorf("take what is not there: %+v", r)
	}
	if r := run(probe.Take, file, "token"); !r.OK {
		t.Errorf("take: %+v", r)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if r := run(probe.Take, file, "token"); r.OK || !strings.Contains(r.Error, "what was written is lost: ") || !strings.Contains(r.Error, "no such file") {
		t.Errorf("take a second time: %+v", r)
	}
	if r := run(probe.Write, filepath.Join(file, "below"), "token"); r.OK || !strings.Contains(r.Error, "no such file") {
		t.Errorf("write where there is no folder: %+v", r)
	}
	for _, missing := range []probe.Result{run(probe.Write, "", "a"), run(probe.Take, file, "")} {
		if missing.OK || missing.Tries != 0 || !strings.Contains(missing.Error, "path or text is missing") {
			t.Errorf("an empty task: %+v", missing)
		}
	}
}
