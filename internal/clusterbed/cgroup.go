//go:build linux

package clusterbed

import (
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// A hierarchy is a mounted tree of cgroups.
type hierarchy struct{ path, options string }

// hierarchies lists the machine's trees of cgroup v1.
func hierarchies() ([]hierarchy, error) {
	all, err := mounted("cgroup")
	if err == nil && len(all) == 0 {
		err = errors.New("no cgroup v1 on this machine: the nodes of a bed are built on it; boot with systemd.unified_cgroup_hierarchy=0")
	}
	return all, err
}

// unified is the machine's tree of cgroup v2, if one is mounted beside those of
// v1. It has no controllers, but programs for the kernel can be attached to it.
func unified() (hierarchy, bool) {
	all, err := mounted("cgroup2")
	if err != nil || len(all) == 0 {
		return hierarchy{}, false
	}
	return all[0], true
}

// allHierarchies lists the trees of both versions.
func allHierarchies() ([]hierarchy, error) {
	all, err := hierarchies()
	if tree, ok := unified(); ok {
		all = append(all, tree)
	}
	return all, err
}

// mounted lists the trees of cgroups that are mounted as a type of file system.
func mounted(as string) ([]hierarchy, error) {
	text, err := os.ReadFile("/proc/self/mountinfo")
	if err != nil {
		return nil, err
	}
	var all []hierarchy
	for line := range strings.Lines(string(text)) {
		before, after, _ := strings.Cut(line, " - ")
		mount, kind := strings.Fields(before), strings.Fields(after)
		if len(mount) < 5 || len(kind) < 3 || kind[0] != as {
			continue
		}
		var options []string
		for _, option := range strings.Split(kind[2], ",") {
			if option != "rw" && option != "ro" {
				options = append(options, option)
			}
		}
		all = append(all, hierarchy{path: mount[4], options: strings.Join(options, ",")})
	}
	return all, nil
}

// cgroupName is where all cgroups of a bed are, in each hierarchy.
func cgroupName(dir string) string {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(dir))
	return fmt.Sprintf("fitout-clusterbed-%08x", hash.Sum32())
}

// joinCgroups moves this process to a cgroup in every hierarchy.
func joinCgroups(name string) error {
	trees, err := allHierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		dir := tree.path
		for _, element := range strings.Split(name, "/") {
			parent := dir
			dir = filepath.Join(dir, element)
			if err := os.MkdirAll(dir, 0o755); err != nil {
				return err
			}
			if err := inheritCpuset(parent, dir); err != nil {
				return err
			}
		}
		if err := os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte("0"), 0o644); err != nil {
			return fmt.Errorf("join the cgroup %s: %w", dir, err)
		}
	}
	return nil
}

// shares is the weight of a bed beside what else the machine does. To the
// scheduler a cgroup is one process, of weight 1024, beside each process outside
// of cgroups; but a bed is two nodes, full of probes that time out.
const shares = "10240"

// weigh gives the cgroup of a bed its weight, in the hierarchy that has weights.
func weigh(name string) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		if file := filepath.Join(tree.path, name, "cpu.shares"); exists(file) {
			return os.WriteFile(file, []byte(shares), 0o644)
		}
	}
	return nil
}

// inheritCpuset gives a new cgroup the processors and memory of its parent:
// in that hierarchy it has none by itself and takes no process.
func inheritCpuset(parent, dir string) error {
	for _, name := range []string{"cpuset.cpus", "cpuset.mems"} {
		text, err := os.ReadFile(filepath.Join(parent, name))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// removeCgroups removes a cgroup and those in it from every hierarchy. The
// processes in it have been killed; it waits until they are gone.
func removeCgroups(name string) error {
	trees, err := allHierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		dir := filepath.Join(tree.path, name)
		err := removeTree(dir)
		for begin := time.Now(); err != nil && time.Since(begin) < 20*time.Second; err = removeTree(dir) {
			time.Sleep(50 * time.Millisecond)
		}
		if err != nil {
			return fmt.Errorf("remove the cgroup %s: %w: see which processes its cgroup.procs names", dir, err)
		}
	}
	return nil
}

// removeTree removes a folder of cgroups from its leaves up. The files in it
// are the kernel's and go with it.
func removeTree(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if entry.IsDir() {
			if err := removeTree(filepath.Join(dir, entry.Name())); err != nil {
				return err
			}
		}
	}
	return os.Remove(dir)
}

// RunJanitor waits for the end of its standard input, which the owner of the
// bed holds, and removes what an owner that was killed left: the kernel has
// killed its children, or the janitor does, and their cgroups.
func RunJanitor(dir string, input interface{ Read([]byte) (int, error) }) error {
	buffer := make([]byte, 1)
	for {
		if _, err := input.Read(buffer); err != nil {
			break
		}
	}
	b, err := readRecord(dir)
	if err == nil {
		for _, process := range append(slices.Collect(maps.Values(b.Nodes)), b.Fabric) {
			if process.Running() {
				_ = syscall.Kill(process.PID, syscall.SIGKILL) // an error says that it has ended
			}
		}
	}
	return errors.Join(removeCgroups(cgroupName(dir)), os.RemoveAll(filepath.Join(dir, recordFile)))
}
