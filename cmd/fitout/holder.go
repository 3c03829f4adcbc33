package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"github.com/fitout-dev/fitout/pkg/cluster"
)

// holder is this process as the lock's holder: host, process ID, and the machine's start and the process's, so that no
// later process of the same number is taken for it.
func holder() cluster.Holder {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return cluster.Holder{Identity: identity(host, os.Getpid()), Gone: func(other string) bool { return gone(host, other) }}
}

func identity(host string, pid int) string {
	return fmt.Sprintf("%s pid %d start %s", host, pid, started(pid))
}

// gone reports whether the process with an identity was one of this host and has ended. Where nobody can tell, it has not.
func gone(host, other string) bool {
	var pid int
	rest, ok := strings.CutPrefix(other, host+" ")
	if !ok {
		return false
	}
	if _, err := fmt.Sscanf(rest, "pid %d ", &pid); err != nil || pid <= 0 {
		return false
	}
	if errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
		return sameMachine(rest)
	}
	return started(pid) != "" && identity(host, pid) != other && sameMachine(rest)
}

// sameMachine guards against another machine, or another container, of the same name: the namespace of the process IDs is
// part of the identity.
func sameMachine(rest string) bool {
	space := pidSpace()
	return space != "" && strings.HasSuffix(rest, space)
}

// started returns when a process began, in the kernel's ticks since the machine's start, with the machine's start and the
// namespace of process IDs; empty where the system does not tell.
func started(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	const startTime = 22 - 3 // of proc(5), counted after the name
	if len(fields) <= startTime || pidSpace() == "" {
		return ""
	}
	return fields[startTime] + pidSpace()
}

// pidSpace names the machine's run and the namespace of process IDs: "@1a2b3c4d-4026531836".
func pidSpace() string {
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return ""
	}
	space, err := os.Readlink("/proc/self/ns/pid")
	if err != nil {
		return ""
	}
	return "@" + string(boot[:min(len(boot), 8)]) + "-" + strings.Trim(space, "pid:[]")
}
