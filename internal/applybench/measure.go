package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
)

// A result is what one tool did for a number of objects at a round trip: a value for each round.
type result struct {
	objects       int
	delay         time.Duration
	tool          string
	first, second []sample
}

// A sample is one process.
type sample struct {
	wall     time.Duration
	cpu      time.Duration  // of the tool, not of the API server
	requests map[string]int // by verb
	changed  int            // objects
	peak     int64          // resident memory, bytes
}

// measure runs every tool in turn, a round after the other. Where it fails it returns what was measured until then.
func measure(ctx context.Context, o options, tools []tool, dir, kubeconfig string) ([]*result, error) {
	admin, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	c, err := connect(ctx, admin)
	if err != nil {
		return nil, err
	}
	var results []*result
	proxies := map[time.Duration]*proxy{}
	for _, d := range o.delays {
		if proxies[d], err = startProxy(admin, d, proxyConfig(dir, d)); err != nil {
			return nil, err
		}
		defer proxies[d].server.Close()
		for _, n := range o.sizes {
			for _, t := range tools {
				results = append(results, &result{objects: n, delay: d, tool: t.name})
			}
		}
	}
	for round := range o.rounds {
		for group := range slices.Chunk(results, len(tools)) {
			for i := range tools {
				next := (i + round) % len(tools) // so that none always comes after the same
				t, r := tools[next], group[next]
				s := session{c, proxies[r.delay], proxyConfig(dir, r.delay), t.args(r.objects), o.verbose}
				if err := s.run(ctx, r); err != nil {
					return slices.DeleteFunc(results, func(r *result) bool { return len(r.second) == 0 }), fmt.Errorf("%s, %d objects, %v: %w", t.name, r.objects, r.delay, err)
				}
				fmt.Fprintf(os.Stderr, "applybench: round %d: %d objects, %v: %s %.1f s, again %.1f s\n",
					round+1, r.objects, r.delay, t.name, r.first[round].wall.Seconds(), r.second[round].wall.Seconds())
			}
		}
	}
	return results, nil
}

func proxyConfig(dir string, d time.Duration) string {
	return filepath.Join(dir, fmt.Sprintf("kubeconfig-%v", d))
}

// A session is one tool's first and second run.
type session struct {
	cluster
	proxy      *proxy
	kubeconfig string
	args       []string
	verbose    bool
}

// run takes away what was there, applies, lets the controllers finish, and applies again.
func (s session) run(ctx context.Context, r *result) error {
	if err := s.clean(ctx); err != nil {
		return err
	}
	home, err := os.MkdirTemp("", "applybench-home-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(home)
	for _, into := range []*[]sample{&r.first, &r.second} {
		before, err := s.quiet(ctx)
		if err != nil {
			return err
		}
		s.proxy.taken()
		one, err := s.process(ctx, home)
		if err != nil {
			return err
		}
		one.requests = s.proxy.taken()
		after, err := s.state(ctx, false)
		if err != nil {
			return err
		}
		one.changed = changed(before, after)
		*into = append(*into, one)
	}
	return nil
}

// process runs the tool once, with a home of its own for its caches.
func (s session) process(ctx context.Context, home string) (sample, error) {
	cmd := exec.CommandContext(ctx, s.args[0], s.args[1:]...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+s.kubeconfig, "HOME="+home, "XDG_CACHE_HOME="+home, "XDG_CONFIG_HOME="+home, "XDG_DATA_HOME="+home)
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	start := time.Now()
	if err := cmd.Start(); err != nil {
		return sample{}, err
	}
	ended := make(chan struct{})
	peak := make(chan int64)
	go func() { peak <- watchMemory(cmd.Process.Pid, ended) }()
	err := cmd.Wait()
	wall := time.Since(start)
	close(ended)
	one := sample{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: <-peak}
	if err != nil {
		return one, fmt.Errorf("%w\n%s", err, output.Bytes())
	}
	if s.verbose {
		os.Stderr.Write(output.Bytes())
	}
	return one, nil
}

// watchMemory returns the most resident memory that the kernel saw of a process until a moment before it ended. What the
// kernel tells of an ended child is of no use: it includes the memory of its parent at the time of the fork.
func watchMemory(pid int, ended <-chan struct{}) int64 {
	var peak int64
	for {
		select {
		case <-ended:
			return peak
		case <-time.After(5 * time.Millisecond):
		}
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(status)) {
			if text, ok := strings.CutPrefix(line, "VmHWM:"); ok {
				kib, _ := strconv.ParseInt(strings.Fields(text)[0], 10, 64)
				peak = max(peak, kib<<10)
			}
		}
	}
}
