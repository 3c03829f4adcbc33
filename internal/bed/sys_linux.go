package bed

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// supported is nil where a bed can run.
func supported() error { return nil }

// dieWithParent makes the kernel kill a child when the thread that started it
// ends, so that nothing survives a killed test. The Go program must keep that
// thread: see component.keep.
func dieWithParent() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}

// outliveParent detaches a child from the terminal and the caller's group.
func outliveParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }

// startTicks returns when a process started, in clock ticks since boot. With
// the pid it names a process even when pids are used again. "" means that
// there is no such process, or that it has ended and only awaits its parent.
func startTicks(pid int) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	_, rest, ok := strings.Cut(string(text), ") ") // the name before it may hold spaces
	fields := strings.Fields(rest)
	if !ok || len(fields) < 20 || fields[0] == "Z" {
		return ""
	}
	return fields[19] // field 22 of proc(5)
}

// tryLock takes a lock between processes on the file at path; free is false
// when another holds it. The kernel gives the lock back when its holder ends,
// however it ends.
func tryLock(path string) (unlock func(), free bool, err error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_CLOEXEC, 0o600)
	if err != nil {
		return nil, false, err
	}
	switch err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err {
	case nil:
		return func() { file.Close() }, true, nil
	case syscall.EWOULDBLOCK:
		file.Close()
		return nil, false, nil
	default:
		file.Close()
		return nil, false, fmt.Errorf("lock %s: %w", path, err)
	}
}

// residentBytes is the memory that a process occupies, 0 when it is gone.
func residentBytes(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := strings.Fields(string(text))
	if err != nil || len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(fields[1], 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
