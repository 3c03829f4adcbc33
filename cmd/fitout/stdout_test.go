package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// offlineCommands are the commands that print and need no cluster, in all of their formats.
func offlineCommands(t *testing.T) []string {
	t.Helper()
	manifest := filepath.Join(t.TempDir(), "manifest.yaml")
	if err := os.WriteFile(manifest, []byte("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	return []string{
		"version", "explain", "explain cni", "explain --schema", "bundles", "bundles list", "bundles show 1.36", "bundles show 1.36 coredns",
		"render --kubernetes 1.36", "render --kubernetes 1.36 -o json", "render --kubernetes 1.36 -o name", "plan --kubernetes 1.36", "plan --kubernetes 1.36 -o json",
		"upgrade plan --from 1.36 --to 1.37", "upgrade plan --from 1.36 --to 1.37 -o json", "upgrade plan --from 1.36 --to 1.37 -o markdown",
		"rbac --kubernetes 1.36", "rbac --kubernetes 1.36 -o json", "footprint --kubernetes 1.36", "footprint --kubernetes 1.36 -o json",
		"validate " + manifest, "completion bash", "completion zsh", "--help", "up --help", "probe run",
	}
}

// A disk that is full and a pipe that nobody reads are errors of every command.
func TestStandardOutputFails(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no /dev/full here")
	}
	defer full.Close()
	for _, line := range offlineCommands(t) {
		reader, closed, err := os.Pipe()
		if err != nil {
			t.Fatal(err)
		}
		reader.Close()
		for want, out := range map[string]*os.File{"no space left on device": full, "broken pipe": closed} {
			if code, stderr := into(t, out, line); code != 1 || !strings.Contains(stderr, "fitout: standard output: write") || !strings.Contains(stderr, want+"; the output is incomplete") || strings.Count(stderr, want) != 1 {
				t.Errorf("fitout %s with %s: exit code %d, %q", line, want, code, stderr)
			}
		}
		closed.Close()
		usable, err := os.Create(filepath.Join(t.TempDir(), "out"))
		if err != nil {
			t.Fatal(err)
		}
		if code, stderr := into(t, usable, line); code != 0 {
			t.Errorf("fitout %s: exit code %d, %q", line, code, stderr)
		}
		usable.Close()
	}
}

// into runs this test binary as fitout, with a file as its standard output.
func into(t *testing.T, out *os.File, line string) (code int, stderr string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	run := exec.CommandContext(t.Context(), self, strings.Fields(line)...)
	run.Args[0] = "fitout"
	var errs strings.Builder
	run.Stdin, run.Stdout, run.Stderr = strings.NewReader("[]"), out, &errs
	err = run.Run()
	if run.ProcessState == nil {
		t.Fatal(err)
	}
	return run.ProcessState.ExitCode(), errs.String()
}
