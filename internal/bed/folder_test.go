//go:build linux

package bed

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestClaim(t *testing.T) {
	dir := filepath.Join(tree(t, map[string]string{"bed/etcd/data": "old", "bed/kubeconfig": "old", "bed/bed.log": "kept"}), "bed")
	release, err := claim(dir)
	if err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) != 2 { // bed.log and lock
		t.Errorf("left of an earlier bed: %v, %v", left, err)
	}
	if _, err := claim(dir); err == nil || !strings.Contains(err.Error(), "another bed runs in "+dir) {
		t.Errorf("second claim: %v", err)
	}
	release()
	release, err = claim(dir)
	if err != nil {
		t.Fatalf("claim after release: %v", err)
	}
	release()
}

func TestClaimRefusesForeignFolder(t *testing.T) {
	dir := tree(t, map[string]string{"thesis.tex": "dear"})
	if _, err := claim(dir); err == nil || !strings.Contains(err.Error(), "thesis.tex") {
		t.Errorf("error %v does not name the file", err)
	}
	if _, err := os.Stat(filepath.Join(dir, "thesis.tex")); err != nil {
		t.Error(err)
	}
}

func TestLockWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "lock")
	unlock, err := lock(t.Context(), path, func() { t.Error("waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := lock(ctx, path, func() { told++ }); !errors.Is(err, context.DeadlineExceeded) || told != 1 {
		t.Errorf("lock that another holds: %v, told %d times", err, told)
	}
	unlock()
	unlock, err = lock(t.Context(), path, func() { t.Error("waits for nobody") })
	if err != nil {
		t.Fatal(err)
	}
	unlock()
}

func TestOpenWithoutBed(t *testing.T) {
	// A record whose owner is gone: the start time is not that of the process.
	dead := tree(t, map[string]string{recordFile: `{"owner":{"pid":1,"started":"1"}}`})
	for _, dir := range []string{t.TempDir(), dead} {
		if _, err := Open(dir); !errors.Is(err, ErrNoBed) {
			t.Errorf("Open: %v", err)
		}
	}
}

func TestDetachNamesTheLog(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "bed")
	var log strings.Builder
	_, err := Detach(t.Context(), dir, &log, "/bin/sh", "-c", "echo out of luck; exit 7")
	if err == nil || !strings.Contains(err.Error(), filepath.Join(dir, outputFile)) || !strings.Contains(err.Error(), "exit status 7") {
		t.Errorf("error %v", err)
	}
	if log.String() != "out of luck\n" {
		t.Errorf("log %q", log.String())
	}
}
