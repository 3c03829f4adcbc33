//go:build linux

package clusterbed

import (
	"runtime"
	"strings"
	"testing"
	"time"
)

// What is left is guessed from the CPU time of what is done: the machine turns out to be twice as slow as its processors say.
func TestProgress(t *testing.T) {
	var log strings.Builder
	p := &progress{log: &log, began: time.Now(), total: 2, all: 40 * time.Minute}
	slow := recipe{folder: "slow", cpu: 10 * time.Minute}
	p.starts(slow)
	p.ends(slow, 20*time.Minute, 9*time.Minute)
	if got := p.left(20 * time.Minute); got != time.Hour {
		t.Errorf("%v are left", got)
	}
	first := (40 * time.Minute / time.Duration(runtime.NumCPU())).Round(10 * time.Second).String()
	for _, want := range []string{"building slow, 1 of 2, about " + first + " left", "built slow in 20m0s, 9m0s of CPU"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("%q is not in %q", want, log.String())
		}
	}
}
