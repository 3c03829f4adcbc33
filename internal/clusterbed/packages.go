//go:build linux

package clusterbed

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"
)

// packages maps what a bed uses of the machine to the Debian package that has
// it. Everything else is built from source.
var packages = map[string]string{
	"/usr/sbin/runc":                 "runc",
	"/usr/sbin/xtables-legacy-multi": "iptables",
	"/usr/sbin/nft":                  "nftables",
	"/usr/sbin/conntrack":            "conntrack",
	"/usr/sbin/ipset":                "ipset",
	"/usr/bin/ip":                    "iproute2",
	"/usr/bin/kmod":                  "kmod",
	"/usr/bin/busybox":               "busybox-static",
	"/usr/bin/nsenter":               "util-linux",
	"/usr/bin/mount":                 "mount",
}

// networkPackages has what beds with a certain pod network use besides.
var networkPackages = map[string]map[string]string{calico: calicoPackages, cilium: ciliumPackages}

// missingPackages lists what installPackages would install for a pod network.
func missingPackages(cni string) []string {
	needed := maps.Clone(packages)
	maps.Copy(needed, networkPackages[cni])
	var missing []string
	for _, program := range sortedKeys(needed) {
		if _, err := os.Stat(program); err != nil {
			missing = append(missing, needed[program])
		}
	}
	return missing
}

// installPackages installs the packages that are missing.
func installPackages(ctx context.Context, cni string, log io.Writer) error {
	missing := missingPackages(cni)
	if len(missing) == 0 {
		return nil
	}
	fmt.Fprintf(log, "clusterbed: installing %s\n", strings.Join(missing, " "))
	if err := apt(ctx, "apt-get", "update"); err != nil {
		return err
	}
	return apt(ctx, append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, missing...)...)
}

// apt runs a command that asks no questions.
func apt(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s\ninstall the packages yourself", strings.Join(args, " "), err, lastLines(out, 5))
	}
	return nil
}
