//go:build linux

package clusterbed

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// With this in the environment, the first thread of this process ends and the
// others go on, as for a moment when another thread executes a program.
const threadsOnly = "FITOUT_TEST_THREADS_ONLY=1"

func init() {
	if os.Getenv("FITOUT_TEST_THREADS_ONLY") == "" {
		return
	}
	runtime.LockOSThread()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	_, _, _ = syscall.Syscall(syscall.SYS_EXIT, 0, 0, 0)
}

func TestProcessWithoutItsFirstThreadRuns(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), threadsOnly)
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait() // the second time, it only says so
	stat := func() string {
		text, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", cmd.Process.Pid))
		return string(text)
	}
	for begin := time.Now(); !strings.Contains(stat(), ") Z "); time.Sleep(10 * time.Millisecond) {
		if time.Since(begin) > 30*time.Second {
			t.Fatalf("its first thread has not ended: %s", stat())
		}
	}
	process := processOf(cmd.Process.Pid)
	if !process.Running() {
		t.Errorf("a process with other threads counts as gone: %s", stat())
	}
	life.Close()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if process.Running() {
		t.Error("a process that has ended counts as running")
	}
}
