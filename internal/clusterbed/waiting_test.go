//go:build linux

package clusterbed_test

import (
	"bufio"
	"context"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// early is how soon what waits for a cluster is to name a cause, or to end for one that does not pass, from its first look
// at the cluster on. How long it takes to get there is the machine's.
const early = 30 * time.Second

// endsEarly wants runs that wait to end soon for a cause that does not pass by itself.
func (f *fixture) endsEarly(t *testing.T, d damage) {
	for _, args := range [][]string{{"check", "--probe=never", "--wait", "5m"}, {"apply", "--conflicts", "keep", "--timeout", "5m"}} {
		out, took, err := f.waited(t, args, "")
		if err == nil || took > early || !strings.Contains(out, d.cause+": ") {
			t.Errorf("fitout %s ended after %.1f s with %v:\n%s", args[0], took.Seconds(), err, out)
		} else {
			t.Logf("fitout %s ended after %.1f s", args[0], took.Seconds())
		}
	}
}

// toldEarly wants a run that waits to name soon a cause that may pass by itself, while it goes on.
func (f *fixture) toldEarly(t *testing.T, d damage) {
	line := ": " + d.cause + ": "
	out, took, _ := f.waited(t, []string{"apply", "--conflicts", "keep", "--timeout", "5m"}, "still waiting: ")
	if took > early || strings.Count(out, line) != 1 {
		t.Errorf("fitout apply named after %.1f s:\n%s", took.Seconds(), out)
	} else {
		t.Logf("fitout apply named it after %.1f s, and went on", took.Seconds())
	}
}

// waited runs a verb until it ends, or until it has printed a line with some text; then it is interrupted. took is from its
// first word of waiting on, where it has one.
func (f *fixture) waited(t *testing.T, args []string, until string) (out string, took time.Duration, err error) {
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := f.command(ctx, args[0], args[1:]...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	reader, writer := io.Pipe()
	cmd.Stdout, cmd.Stderr = writer, writer
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error)
	go func() {
		err := cmd.Wait()
		writer.Close()
		ended <- err
	}()
	waiting, end := false, time.Time{}
	for lines := bufio.NewScanner(reader); lines.Scan(); {
		out += lines.Text() + "\n"
		if !waiting && strings.Contains(lines.Text(), "waiting for ") {
			waiting, began = true, time.Now()
		}
		if until != "" && end.IsZero() && strings.Contains(lines.Text(), until) {
			end = time.Now()
			cancel()
		}
	}
	reader.Close()
	if err = <-ended; end.IsZero() {
		end = time.Now()
	}
	return out, end.Sub(began), err
}
