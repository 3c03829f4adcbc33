// Package cputime lets benchmarks report CPU time, which a busy machine changes far less than it does elapsed time.
package cputime

import (
	"syscall"
	"testing"
	"time"
)

// Who tells whose time is meant.
type Who int

// This process, or its children that have ended.
const (
	Self     Who = syscall.RUSAGE_SELF
	Children Who = syscall.RUSAGE_CHILDREN
)

// Report reports the CPU time, user and system, that each round of a benchmark took until the benchmark's end, as
// cpu-ms/op.
func Report(b *testing.B, who Who) {
	start := used(b, who)
	b.Cleanup(func() {
		spent := used(b, who) - start
		b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "cpu-ms/op")
	})
}

func used(b *testing.B, who Who) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(int(who), &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
