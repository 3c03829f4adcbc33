//go:build linux

package clusterbed

import (
	"fmt"
	"io"
	"runtime"
	"time"
)

// progress tells how far a build of several modules is. It knows of each how
// much CPU time it takes when nothing is cached, and learns from those that are
// done how fast this machine is.
type progress struct {
	log        io.Writer
	began      time.Time
	total      int
	done       int
	spent, all time.Duration // CPU time on an empty cache
}

// starts tells what is built now, and how long all that is left will take.
func (p *progress) starts(r recipe) {
	fmt.Fprintf(p.log, "clusterbed: building %s, %d of %d, about %s left\n", r.folder, p.done+1, p.total, p.left(time.Since(p.began)))
}

// ends tells what a build took.
func (p *progress) ends(r recipe, took, cpu time.Duration) {
	p.done++
	p.spent += r.cpu
	fmt.Fprintf(p.log, "clusterbed: built %s in %s, %s of CPU\n", r.folder, took.Round(time.Second), cpu.Round(time.Second))
}

// left guesses from what has passed. Before anything is done, all processors
// are thought to be free.
func (p *progress) left(passed time.Duration) time.Duration {
	rest := p.all - p.spent
	if p.spent == 0 {
		return (rest / time.Duration(runtime.NumCPU())).Round(10 * time.Second)
	}
	return time.Duration(float64(rest) * float64(passed) / float64(p.spent)).Round(10 * time.Second)
}
