//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// KillNode ends a node as if its power had failed. What it had on its disk
// stays.
func (b *Bed) KillNode(ctx context.Context, node string) error { return b.control(ctx, node, "kill") }

// StopNode ends a node's services, then the node.
func (b *Bed) StopNode(ctx context.Context, node string) error { return b.control(ctx, node, "stop") }

// StartNode starts a node that was stopped or killed.
func (b *Bed) StartNode(ctx context.Context, node string) error { return b.control(ctx, node, "start") }

// Exec runs a program in the namespaces of a node and returns what it printed.
func (b *Bed) Exec(ctx context.Context, node string, argv ...string) (string, error) {
	cmd, err := b.command(ctx, node, argv...)
	if err != nil {
		return "", err
	}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%s on %s: %w: %s", strings.Join(argv, " "), node, err, bytes.TrimSpace(out))
	}
	return string(out), nil
}

func (b *Bed) command(ctx context.Context, node string, argv ...string) (*exec.Cmd, error) {
	process, ok := b.Nodes[node]
	if !ok || !process.Running() {
		return nil, fmt.Errorf("%s does not run: start it first", node)
	}
	// -r and -w make the node's root the root of the program.
	args := append([]string{"nsenter", "-t", strconv.Itoa(process.PID), "-m", "-u", "-i", "-n", "-p", "-C", "-r", "-w", "--"}, argv...)
	if tree, ok := unified(); ok { // as a process of the node: Cilium leads Service addresses for those in this cgroup
		file := filepath.Join(tree.path, cgroupName(b.Dir), node, "cgroup.procs")
		args = append([]string{"sh", "-c", `echo $$ > "$0" && exec "$@"`, file}, args...)
	}
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = []string{"PATH=" + b.Path, "HOME=/root"}
	return cmd, nil
}

// KillProcess kills every process of a node whose program has the name, in
// pods too, and returns how many there were. Services start again.
func (b *Bed) KillProcess(node, name string) (int, error) {
	process, ok := b.Nodes[node]
	if !ok || !process.Running() {
		return 0, fmt.Errorf("%s does not run: start it first", node)
	}
	pids, err := processesOf(process.PID)
	if err != nil {
		return 0, err
	}
	killed := 0
	for _, pid := range pids {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		first, _, _ := strings.Cut(string(argv), "\x00")
		if err != nil || filepath.Base(first) != name {
			continue
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			return killed, fmt.Errorf("kill %s, process %d on %s: %w", name, pid, node, err)
		}
		killed++
	}
	if killed == 0 {
		return 0, fmt.Errorf("no process %q on %s: see its logs for what runs there", name, node)
	}
	return killed, nil
}

// processesOf lists the descendants of a process. As process 1 of its
// namespace it is the ancestor of all in it.
func processesOf(root int) ([]int, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, err
	}
	children := map[int][]int{}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if fields := strings.Fields(rest); len(fields) > 1 {
			parent, _ := strconv.Atoi(fields[1])
			children[parent] = append(children[parent], pid)
		}
	}
	var all []int
	for next := children[root]; len(next) > 0; {
		pid := next[0]
		all = append(all, pid)
		next = append(next[1:], children[pid]...)
	}
	return all, nil
}

// RemoveImage removes an image from a node under all the names that a
// reference stands for.
func (b *Bed) RemoveImage(ctx context.Context, node, image string) error {
	args := append([]string{"ctr", "--namespace", "k8s.io", "images", "rm", "--sync"}, parseReference(image).names()...)
	_, err := b.Exec(ctx, node, args...)
	return err
}

// LoadImages gives a node all images of the bed again.
func (b *Bed) LoadImages(ctx context.Context, node string) error {
	p, err := readPlan(b.Dir)
	if err != nil {
		return err
	}
	for _, image := range p.Images {
		if _, err := b.Exec(ctx, node, "ctr", "--namespace", "k8s.io", "images", "import", "--local", image.File); err != nil {
			return err
		}
		for _, name := range image.Names[1:] {
			if _, err := b.Exec(ctx, node, "ctr", "--namespace", "k8s.io", "images", "tag", "--force", image.Names[0], name); err != nil {
				return err
			}
		}
	}
	return nil
}

// TakePort starts a process on a node that listens on a TCP port. FreePort
// ends it; so does the end of the node.
func (b *Bed) TakePort(ctx context.Context, node string, port int) error {
	script := fmt.Sprintf("probe serve :%d >/dev/null 2>&1 & sleep 0.3; kill -0 $!", port)
	_, err := b.Exec(ctx, node, "sh", "-c", script)
	if err != nil {
		return fmt.Errorf("take port %d: %w: something else may listen there", port, err)
	}
	return nil
}

// FreePort undoes TakePort.
func (b *Bed) FreePort(ctx context.Context, node string, port int) error {
	_, err := b.Exec(ctx, node, "pkill", "-x", "-f", fmt.Sprintf("probe serve :%d", port))
	if err != nil {
		return fmt.Errorf("%w: take-port has not taken it, or the node was started again", err)
	}
	return nil
}

// CutLink takes the network cable out of a node.
func (b *Bed) CutLink(ctx context.Context, node string) error { return b.link(ctx, node, "down") }

// JoinLink puts it back.
func (b *Bed) JoinLink(ctx context.Context, node string) error { return b.link(ctx, node, "up") }

func (b *Bed) link(ctx context.Context, node, state string) error {
	cmd := exec.CommandContext(ctx, "nsenter", "-t", strconv.Itoa(b.Fabric.PID), "-n", "ip", "link", "set", node, state)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("set the link of %s %s: %w: %s", node, state, err, bytes.TrimSpace(out))
	}
	return nil
}
