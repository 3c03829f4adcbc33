//go:build linux

package clusterbed

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

// A supervisor runs the services of a node. As process 1 it is the parent of
// all orphans of the node, and reaps them.
type supervisor struct {
	plan *plan
	node nodePlan

	mu      sync.Mutex
	waiting map[int]chan syscall.WaitStatus // by pid
	running map[string]int                  // pids of services
	stopped bool
}

func newSupervisor(p *plan, node nodePlan) *supervisor {
	s := &supervisor{plan: p, node: node, waiting: map[int]chan syscall.WaitStatus{}, running: map[string]int{}}
	go s.reap()
	return s
}

// reap collects every child that ends and tells those who wait for it.
func (s *supervisor) reap() {
	for {
		var status syscall.WaitStatus
		pid, err := syscall.Wait4(-1, &status, 0, nil)
		if err != nil { // no children at the moment, or interrupted
			time.Sleep(10 * time.Millisecond)
			continue
		}
		s.mu.Lock()
		if waiter := s.waiting[pid]; waiter != nil {
			waiter <- status
			delete(s.waiting, pid)
		}
		s.mu.Unlock()
	}
}

// start runs a program. Its status comes on the channel when it has ended.
func (s *supervisor) start(log, path string, argv ...string) (int, <-chan syscall.WaitStatus, error) {
	file, err := os.OpenFile(log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return 0, nil, err
	}
	defer file.Close()
	null, err := os.Open(os.DevNull)
	if err != nil {
		return 0, nil, err
	}
	defer null.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return 0, nil, context.Canceled
	}
	// The lock keeps the reaper from reporting the end before waiting has it.
	pid, err := syscall.ForkExec(path, argv, &syscall.ProcAttr{
		Env:   []string{"PATH=" + s.plan.Path, "HOME=/root"},
		Files: []uintptr{null.Fd(), file.Fd(), file.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return 0, nil, fmt.Errorf("start %s: %w", path, err)
	}
	ended := make(chan syscall.WaitStatus, 1)
	s.waiting[pid] = ended
	return pid, ended, nil
}

const restartDelay = time.Second

// keep runs a service again and again until ctx ends. Components of a cluster
// end when one that they need is not there yet.
func (s *supervisor) keep(ctx context.Context, one service) {
	for !exists(one.After) && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	log := s.plan.log(s.node.Name, one.Name)
	for ctx.Err() == nil {
		pid, ended, err := s.start(log, one.Path, append([]string{one.Name}, one.Args...)...)
		if err == nil {
			s.setRunning(one.Name, pid)
			fmt.Printf("%s %s: started, process %d\n", now(), one.Name, pid)
			fmt.Printf("%s %s: ended: %s\n", now(), one.Name, describe(<-ended))
			s.setRunning(one.Name, 0)
		} else {
			fmt.Printf("%s %s: %v\n", now(), one.Name, err)
		}
		_ = concurrent.Sleep(ctx, restartDelay) // or until that ends
	}
}

func (s *supervisor) setRunning(name string, pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if pid == 0 {
		delete(s.running, name)
	} else {
		s.running[name] = pid
	}
}

// stop asks the services to end and waits for them, the kubelet first: what
// it shuts down needs the others.
func (s *supervisor) stop() {
	s.mu.Lock()
	s.stopped = true
	s.mu.Unlock()
	for i := len(s.node.Services) - 1; i >= 0; i-- {
		name := s.node.Services[i].Name
		for begin := time.Now(); time.Since(begin) < 2*time.Second; time.Sleep(20 * time.Millisecond) {
			s.mu.Lock()
			pid := s.running[name]
			s.mu.Unlock()
			if pid == 0 {
				break
			}
			_ = syscall.Kill(pid, syscall.SIGTERM)
		}
	}
}

// loadImages waits for containerd and imports the images that it lacks.
func (s *supervisor) loadImages(ctx context.Context) error {
	for !exists(criSocket) && ctx.Err() == nil {
		time.Sleep(20 * time.Millisecond)
	}
	begin := time.Now()
	for _, image := range s.plan.Images {
		for try := 1; ; try++ {
			err := s.importImage(image)
			if err == nil {
				break
			}
			if try == 5 || ctx.Err() != nil {
				return err
			}
			time.Sleep(time.Second)
		}
	}
	fmt.Printf("%s loaded %d images in %.1f s\n", now(), len(s.plan.Images), time.Since(begin).Seconds())
	return os.WriteFile(imagesLoaded, nil, 0o644)
}

// importImage imports an archive and gives the image its other names.
func (s *supervisor) importImage(image archive) error {
	if err := s.ctr("images", "import", "--local", "--no-unpack=false", image.File); err != nil {
		return err
	}
	for _, name := range image.Names[1:] {
		if err := s.ctr("images", "tag", "--force", image.Names[0], name); err != nil {
			return err
		}
	}
	return nil
}

// ctr runs containerd's client in the namespace that the kubelet uses.
func (s *supervisor) ctr(args ...string) error {
	program, _, _ := strings.Cut(s.plan.Path, ":")
	log := s.plan.log(s.node.Name, "ctr")
	_, ended, err := s.start(log, program+"/ctr", append([]string{"ctr", "--namespace", "k8s.io"}, args...)...)
	if err != nil {
		return err
	}
	if status := <-ended; status.ExitStatus() != 0 {
		return fmt.Errorf("ctr %s: %s: see %s", strings.Join(args, " "), describe(status), log)
	}
	return nil
}

func describe(status syscall.WaitStatus) string {
	if status.Signaled() {
		return "signal " + status.Signal().String()
	}
	return fmt.Sprintf("exit code %d", status.ExitStatus())
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil || path == ""
}

func now() string { return time.Now().Format("15:04:05.000") }
