//go:build linux

package bed

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestMain lets the test binary stand in for a program that starts a
// component, prints its pid and never ends: see TestChildrenDie.
func TestMain(m *testing.M) {
	if dir := os.Getenv("BED_TEST_PARENT"); dir != "" {
		c := shell(dir, "exec sleep 1000")
		c.start()
		for c.pid() == 0 {
			time.Sleep(time.Millisecond)
		}
		fmt.Println(c.pid())
		select {}
	}
	os.Exit(m.Run())
}

// shell is a component that is a shell script, and always ready.
func shell(dir, script string) *component {
	return &component{
		name: "sh", path: "/bin/sh", args: []string{"-c", script},
		log: filepath.Join(dir, "sh.log"), delay: time.Millisecond, patience: time.Second,
		ready: func(context.Context) error { return nil }, launched: func() {},
	}
}

func TestStopEndsTheProcess(t *testing.T) {
	for name, script := range map[string]string{
		"on SIGTERM": "exec sleep 1000",
		"by force":   "trap '' TERM; while :; do sleep 0.1; done",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := shell(t.TempDir(), script)
			c.start()
			c.start() // does nothing
			eventually(t, func() bool { return c.pid() != 0 })
			process := processOf(c.pid())
			if err := c.stop(); err != nil {
				t.Fatal(err)
			}
			if process.running() || c.pid() != 0 {
				t.Errorf("process %d is there after stop", process.PID)
			}
			if err := c.stop(); err != nil {
				t.Errorf("a second stop: %v", err)
			}
		})
	}
}

func TestEndedComponentStartsAgain(t *testing.T) {
	c := shell(t.TempDir(), "echo run; test $(grep -c run $0) -gt 2 && exec sleep 1000")
	c.args = append(c.args, c.log) // $0 of the script
	c.start()
	eventually(t, func() bool { return c.exitCount() == 2 && c.pid() != 0 })
	if err := c.stop(); err != nil {
		t.Fatal(err)
	}
	if text := tail(c.log, 99); strings.Count(text, "starting it again") != 2 {
		t.Errorf("log:\n%s", text)
	}
}

func TestBrokenComponentIsNamed(t *testing.T) {
	c := shell(t.TempDir(), "echo no such flag >&2; exit 3")
	c.ready = func(context.Context) error { return errors.New("does not answer") }
	c.start()
	defer c.stop()
	err := c.waitReady(t.Context())
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"sh is not ready", "it ended ", "does not answer", c.log, "no such flag", "exit status 3"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("%q is not in:\n%v", want, err)
		}
	}
}

// TestChildrenDie kills a program that started a component, with no chance to
// clean up, and expects the component to be gone as well.
func TestChildrenDie(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	parent := exec.Command(self)
	parent.Env = append(os.Environ(), "BED_TEST_PARENT="+t.TempDir())
	output, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := bufio.NewReader(output).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatal(err)
	}
	child := processOf(pid)
	time.Sleep(100 * time.Millisecond) // idle threads come and go meanwhile
	if !child.running() {
		t.Fatalf("child %d is not there", pid)
	}
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	parent.Wait()
	eventually(t, func() bool { return !child.running() })
}

func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for begin := time.Now(); !ok(); time.Sleep(5 * time.Millisecond) {
		if time.Since(begin) > 10*time.Second {
			t.Fatal("did not come true in 10 s")
		}
	}
}

func TestLastLines(t *testing.T) {
	for text, want := range map[string]string{"": "", "a\n": "a", "a\nb\nc\n": "b\nc"} {
		if got := lastLines([]byte(text), 2); got != want {
			t.Errorf("last lines of %q are %q, want %q", text, got, want)
		}
	}
}
