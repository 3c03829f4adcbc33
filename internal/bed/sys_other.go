//go:build !linux

package bed

import (
	"errors"
	"syscall"
)

var errUnsupported = errors.New("a bed needs Linux: run this on a Linux machine")

func supported() error { return errUnsupported }

func dieWithParent() *syscall.SysProcAttr { return nil }

func outliveParent() *syscall.SysProcAttr { return nil }

func startTicks(int) string { return "" }

func residentBytes(int) int64 { return 0 }

func tryLock(string) (func(), bool, error) { return nil, false, errUnsupported }
