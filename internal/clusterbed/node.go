//go:build linux

package clusterbed

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

const cniBin = "/opt/cni/bin"

// statePaths are the folders of a node that are kept outside its root file
// system: containerd cannot put its layers on top of another overlay, and a
// node that is started again is to find them as they were.
var statePaths = []string{
	"/var/lib/containerd", "/var/lib/kubelet", "/var/lib/etcd", "/var/lib/cni", "/var/lib/calico", "/etc/cni/net.d", cniBin, "/var/log/pods", "/var/log/containers",
}

// secondStage in the environment tells that the process has its cgroups.
const secondStage = "FITOUT_CLUSTERBED_STAGE=2"

// RunNode is the first process of a node. It makes the node's file system,
// runs its services and starts again those that end, until SIGTERM. Its end
// is the end of the node: the kernel kills what is left.
func RunNode(ctx context.Context, dir, name string) error {
	p, err := readPlan(dir)
	if err != nil {
		return err
	}
	node, ok := p.node(name)
	if !ok {
		return fmt.Errorf("the plan in %s has no node %q", dir, name)
	}
	if os.Getenv("FITOUT_CLUSTERBED_STAGE") != "2" {
		return enterCgroups(cgroupName(dir), name)
	}
	if err := syscall.Sethostname([]byte(name)); err != nil {
		return err
	}
	if err := makeRoot(p, name); err != nil {
		return fmt.Errorf("file system of %s: %w", name, err)
	}
	if err := waitForNetwork(ctx, node.IP); err != nil {
		return err
	}
	s := newSupervisor(p, node)
	for _, one := range node.Services {
		go s.keep(ctx, one)
	}
	if err := s.loadImages(ctx); err != nil {
		return fmt.Errorf("load the images of %s: %w", name, err)
	}
	<-ctx.Done()
	s.stop()
	return nil
}

// enterCgroups moves the process to the cgroups of its node in those of the bed,
// and runs it again in a cgroup namespace, in which they are the root.
func enterCgroups(bed, node string) error {
	if err := joinCgroups(bed + "/" + node); err != nil {
		return err
	}
	if err := weigh(bed); err != nil {
		return err
	}
	runtime.LockOSThread() // the namespace is the thread's; exec makes it the process's
	if err := syscall.Unshare(syscall.CLONE_NEWCGROUP); err != nil {
		return fmt.Errorf("cgroup namespace: %w", err)
	}
	// Of this thread, too, is the wish to die with the owner.
	if _, _, errno := syscall.RawSyscall(syscall.SYS_PRCTL, syscall.PR_SET_PDEATHSIG, uintptr(syscall.SIGKILL), 0); errno != 0 {
		return fmt.Errorf("parent death signal: %w", errno)
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return syscall.Exec(self, os.Args, append(os.Environ(), secondStage))
}

// makeRoot gives the node a root file system: the machine's, under a layer in
// memory that takes what is written, and the node's own kernel file systems
// and state.
func makeRoot(p *plan, node string) error {
	if err := mount("", "/", "", syscall.MS_REC|syscall.MS_PRIVATE, ""); err != nil {
		return err
	}
	base := p.file("nodes", node, "root")
	if err := os.MkdirAll(base, 0o700); err != nil {
		return err
	}
	if err := mount("tmpfs", base, "tmpfs", 0, "mode=755"); err != nil {
		return err
	}
	root := filepath.Join(base, "merged")
	for _, name := range []string{"upper", "work", "merged"} {
		if err := os.Mkdir(filepath.Join(base, name), 0o755); err != nil {
			return err
		}
	}
	layers := fmt.Sprintf("lowerdir=/,upperdir=%s/upper,workdir=%s/work", base, base)
	if err := mount("overlay", root, "overlay", 0, layers); err != nil {
		return err
	}
	if err := mountKernel(root); err != nil {
		return err
	}
	if err := bindAll(p, node, root); err != nil {
		return err
	}
	if err := writeEtc(root); err != nil {
		return err
	}
	return enterRoot(root)
}

// mountKernel mounts what the kernel shows of itself, of this node's
// namespaces.
func mountKernel(root string) error {
	for _, m := range []struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}{
		{"proc", "/proc", "proc", 0, ""},
		{"sysfs", "/sys", "sysfs", 0, ""},
		{"/dev", "/dev", "", syscall.MS_BIND | syscall.MS_REC, ""},
		{"tmpfs", "/dev/shm", "tmpfs", 0, "mode=1777"},
		{"tmpfs", "/run", "tmpfs", 0, "mode=755"},
		{"tmpfs", "/tmp", "tmpfs", 0, "mode=1777"},
		{"tmpfs", "/sys/fs/cgroup", "tmpfs", 0, "mode=755"},
		{"bpf", "/sys/fs/bpf", "bpf", 0, ""},
	} {
		if err := mount(m.source, root+m.target, m.kind, m.flags, m.data); err != nil {
			return err
		}
	}
	trees, err := hierarchies()
	if err != nil {
		return err
	}
	for _, tree := range trees {
		target := filepath.Join(root, "sys/fs/cgroup", filepath.Base(tree.path))
		if err := os.Mkdir(target, 0o755); err != nil {
			return err
		}
		if err := mount("cgroup", target, "cgroup", 0, tree.options); err != nil {
			return err
		}
	}
	return coverSysctls(root)
}

// machineSysctls are settings that the kubelet or Cilium's agent writes and that
// are the whole machine's. The node gets files in their place.
var machineSysctls = []string{
	"vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops",
	"kernel/keys/root_maxkeys", "kernel/keys/root_maxbytes",
	"kernel/unprivileged_bpf_disabled", "kernel/timer_migration", "net/core/bpf_jit_enable",
}

func coverSysctls(root string) error {
	dir := filepath.Join(root, "run/sysctl")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, name := range machineSysctls {
		target := filepath.Join(root, "proc/sys", name)
		value, err := os.ReadFile(target)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		cover := filepath.Join(dir, strings.ReplaceAll(name, "/", "."))
		if err := os.WriteFile(cover, value, 0o644); err != nil {
			return err
		}
		if err := mount(cover, target, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

// bindAll puts the programs, the folder of the bed and the node's state into its
// root: the cache of programs may be on another file system than the machine's
// root, or in /tmp, which each node has for itself.
func bindAll(p *plan, node, root string) error {
	binds := map[string]string{p.Cache: p.Cache, p.Dir: p.Dir}
	for _, path := range statePaths {
		binds[path] = p.state(node, path)
	}
	for _, path := range sortedKeys(binds) {
		target := filepath.Join(root, path)
		if err := os.MkdirAll(target, 0o755); err != nil {
			return err
		}
		if err := mount(binds[path], target, "", syscall.MS_BIND, ""); err != nil {
			return err
		}
	}
	return nil
}

// writeEtc writes what differs from the machine: the resolver, which is an
// address of the fabric where nothing listens, so that names outside of the
// cluster fail at once; and iptables, which is the legacy variant everywhere.
func writeEtc(root string) error {
	resolver := filepath.Join(root, "etc/resolv.conf")
	if err := os.Remove(resolver); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(resolver, []byte("nameserver "+fabricIP+"\n"), 0o644); err != nil {
		return err
	}
	for _, path := range sortedKeys(packetLinks()) {
		if !strings.Contains(path, "tables") || strings.Contains(path, "-legacy") || strings.Contains(path, "-nft") {
			continue
		}
		link := filepath.Join(root, path)
		if err := os.Remove(link); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		if err := os.Symlink("xtables-legacy-multi", link); err != nil {
			return err
		}
	}
	return nil
}

// enterRoot makes root the root file system, and lets mounts made in it be
// seen in the mount namespaces of pods, as the kubelet expects.
func enterRoot(root string) error {
	old := filepath.Join(root, "mnt")
	if err := syscall.PivotRoot(root, old); err != nil {
		return fmt.Errorf("pivot_root: %w", err)
	}
	if err := os.Chdir("/"); err != nil {
		return err
	}
	if err := syscall.Unmount("/mnt", syscall.MNT_DETACH); err != nil {
		return fmt.Errorf("leave the machine's file system: %w", err)
	}
	return mount("", "/", "", syscall.MS_REC|syscall.MS_SHARED, "")
}

func mount(source, target, kind string, flags uintptr, data string) error {
	if err := syscall.Mount(source, target, kind, flags, data); err != nil {
		return fmt.Errorf("mount %s %s on %s: %w", kind, source, target, err)
	}
	return nil
}

// waitForNetwork returns when the owner has given the node its address and
// its way out, which comes last.
func waitForNetwork(ctx context.Context, ip string) error {
	for {
		if connection, err := net.Dial("udp", metadataIP+":9"); err == nil {
			local := connection.LocalAddr().(*net.UDPAddr).IP.String()
			connection.Close()
			if local == ip {
				return nil
			}
		}
		if concurrent.Sleep(ctx, 20*time.Millisecond) != nil {
			return fmt.Errorf("the node got no network: %w", ctx.Err())
		}
	}
}
