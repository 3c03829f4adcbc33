//go:build linux

package clusterbed

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// A Usage is what a node uses at one moment, in bytes. Working sets are those
// of cgroups: what the kubelet evicts by.
type Usage struct {
	Node       int64            // working set of the node
	Pods       int64            // of its pods
	Files      int64            // of Node: page cache in active use, images just unpacked included
	Kernel     int64            // of Node: what the kernel holds for its processes
	Containers map[string]int64 // of the containers in them, by name
	// Programs is the anonymous memory of the processes outside of pods, by
	// program: it leaves out what they share with those of the other node.
	Programs map[string]int64
}

// Usage asks the kubelet of a node what its pods and containers use, and the
// kernel what the node's own programs do.
func (b *Bed) Usage(ctx context.Context, node string) (*Usage, error) {
	var summary struct {
		Node struct{ Memory memoryStats }
		Pods []struct {
			Memory     memoryStats
			Containers []struct {
				Name   string
				Memory memoryStats
			}
		}
	}
	if err := b.Get(ctx, "/api/v1/nodes/"+node+"/proxy/stats/summary", &summary); err != nil {
		return nil, err
	}
	u := &Usage{Node: summary.Node.Memory.WorkingSetBytes, Containers: map[string]int64{}, Programs: map[string]int64{}}
	for _, pod := range summary.Pods {
		u.Pods += pod.Memory.WorkingSetBytes
		for _, container := range pod.Containers {
			u.Containers[container.Name] += container.Memory.WorkingSetBytes
		}
	}
	if err := b.ofCgroup(node, u); err != nil {
		return nil, err
	}
	p, err := readPlan(b.Dir)
	if err != nil {
		return nil, err
	}
	planned, ok := p.node(node)
	if !ok {
		return nil, fmt.Errorf("no node %q: there are %v", node, nodeNames)
	}
	names := []string{"containerd-shim-runc-v2"}
	for _, one := range planned.Services {
		names = append(names, one.Name)
	}
	return u, b.programs(node, names, u.Programs)
}

type memoryStats struct{ WorkingSetBytes int64 }

// ofCgroup reads what the kernel counts for the cgroup of a node.
func (b *Bed) ofCgroup(node string, u *Usage) error {
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		if tree.options != "memory" {
			continue
		}
		dir := filepath.Join(tree.path, cgroupName(b.Dir), node)
		stat, err := os.ReadFile(filepath.Join(dir, "memory.stat"))
		if err != nil {
			return err
		}
		kernel, err := os.ReadFile(filepath.Join(dir, "memory.kmem.usage_in_bytes"))
		if err != nil {
			return err
		}
		u.Files, u.Kernel = numberAfter(string(stat), "total_active_file"), numberAfter(string(kernel), "")
		return nil
	}
	return fmt.Errorf("no memory hierarchy among the cgroups: boot with cgroup_enable=memory")
}

// numberAfter is the number that follows a word of a file of the kernel's, 0
// if the word is not there.
func numberAfter(text, word string) int64 {
	_, rest, _ := strings.Cut(text, word)
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	number, _ := strconv.ParseInt(fields[0], 10, 64) // the kernel writes numbers
	return number
}

// programs adds up the anonymous memory of a node's processes with the given
// names.
func (b *Bed) programs(node string, names []string, sums map[string]int64) error {
	pids, err := processesOf(b.Nodes[node].PID)
	if err != nil {
		return err
	}
	for _, pid := range pids {
		argv, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err != nil {
			continue // it has ended
		}
		first, _, _ := strings.Cut(string(argv), "\x00")
		for _, name := range names {
			if filepath.Base(first) == name {
				sums[name] += anonymous(pid)
			}
		}
	}
	return nil
}

// anonymous is RssAnon of proc(5), 0 for a process that is gone.
func anonymous(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	return numberAfter(string(text), "RssAnon:") << 10
}
