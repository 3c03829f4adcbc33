//go:build linux

package clusterbed_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// stop ends the bed and looks for what it may have left: changes of the
// machine, and cgroups and processes of its own. Other beds may run.
func (f *fixture) stop(t *testing.T, before string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cgroup := f.cgroup(t)
	if left := f.left(cgroup); len(left) == 0 {
		t.Fatal("nothing of the running bed is found, so nothing that it leaves would be")
	}
	if err := f.bed.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	if after := machine(t); after != before {
		t.Errorf("what the machine held before:\n%s\nand after:\n%s", before, after)
	}
	eventually(t, 10*time.Second, func(context.Context) string { // the janitor is the last
		if left := f.left(cgroup); len(left) > 0 {
			return "the bed has left " + strings.Join(left, ", ")
		}
		return ""
	})
}

// left lists the cgroups of the bed and the processes that its own command
// runs in. A cgroup cannot go before the processes in it.
func (f *fixture) left(cgroup string) []string {
	found, _ := filepath.Glob("/sys/fs/cgroup/*/" + cgroup) // the patterns are well-formed
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, file := range files {
		line, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(line), "--dir\x00"+f.bed.Dir) {
			found = append(found, file)
		}
	}
	return found
}

// cgroup is the name of the bed's cgroup, which all of its nodes' processes
// are in.
func (f *fixture) cgroup(t *testing.T) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cgroup", f.bed.Nodes["node-1"].PID))
	if err != nil {
		t.Fatal(err)
	}
	_, path, _ := strings.Cut(string(text), ":/")
	name, _, _ := strings.Cut(path, "/")
	if !strings.HasPrefix(name, "fitout-clusterbed-") {
		t.Fatalf("node-1 is in no cgroup of a bed:\n%s", text)
	}
	return name
}

// machine describes what a bed could change on the machine.
func machine(t *testing.T) string {
	t.Helper()
	var text strings.Builder
	for _, command := range []string{
		"ip -o link show | cut -d: -f2", "ip netns list", "grep -c . /proc/self/mountinfo",
		"cat /proc/sys/net/ipv4/ip_forward /proc/sys/vm/overcommit_memory /proc/sys/vm/panic_on_oom /proc/sys/kernel/panic /proc/sys/kernel/panic_on_oops /proc/sys/kernel/keys/root_maxkeys " +
			"/proc/sys/kernel/unprivileged_bpf_disabled /proc/sys/kernel/timer_migration /proc/sys/net/core/bpf_jit_enable",
	} {
		out, err := exec.Command("sh", "-c", command).CombinedOutput()
		if err != nil && len(out) > 0 {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		fmt.Fprintf(&text, "%s:\n%s", command, out)
	}
	return text.String()
}
