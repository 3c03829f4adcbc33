//go:build linux

package clusterbed

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// Supported is nil on a machine where a bed with a pod network can run, and else
// says what is missing. It installs nothing.
func Supported(cni string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("a cluster bed makes namespaces and mounts: run it as root")
	}
	if _, err := hierarchies(); err != nil {
		return err
	}
	if _, ok := unified(); !ok && cni == cilium {
		return errors.New("no cgroup v2 is mounted on this machine, to which Cilium attaches what leads Service addresses: mount one beside v1, on /sys/fs/cgroup/unified")
	}
	if _, err := os.Stat("/etc/debian_version"); err != nil {
		return fmt.Errorf("a cluster bed takes its tools from Debian packages: %w: run it on Debian", err)
	}
	if err := namespaces(); err != nil {
		return err
	}
	return installable(cni)
}

// namespaces tries what the nodes are made of: root in a container may lack
// the rights.
func namespaces() error {
	cmd := exec.Command("mount", "-t", "overlay", "-o", "lowerdir=/etc:/usr", "overlay", "/mnt")
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:   syscall.CLONE_NEWNET | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC | syscall.CLONE_NEWPID,
		Unshareflags: syscall.CLONE_NEWNS, // also makes the mounts private
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("mount an overlay in namespaces of its own: %w: %s: run it with all capabilities, outside of a container", err, out)
	}
	return nil
}

// installable tells whether apt knows the packages that are missing, after it
// has read the lists if need be.
func installable(cni string) error {
	missing := missingPackages(cni)
	if len(missing) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Minute)
	defer cancel()
	simulate := append([]string{"apt-get", "install", "--simulate", "--no-install-recommends"}, missing...)
	if apt(ctx, simulate...) == nil {
		return nil
	}
	if err := apt(ctx, "apt-get", "update"); err != nil {
		return err
	}
	return apt(ctx, simulate...)
}
