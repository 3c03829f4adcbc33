package reliability

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var nodes = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}

// TestKill kills the command at a random point of its run and runs it again: the cluster is then as after a run that
// nobody disturbed. No object is missing, left over, or changed once more than there. Every other point is a moment, and
// every other one a request: most requests come within moments, most moments pass in waiting.
func TestKill(t *testing.T) {
	s := newSite(t, "1.36")
	c := newCommand(t, s.proxy.Config())
	c.up()
	want := s.state()
	s.remove()
	s.proxy.Plan()
	length, _ := c.up()
	requests := s.proxy.Total()
	if diff := cmp.Diff(want, s.state()); diff != "" {
		t.Fatalf("two undisturbed runs differ: the comparison means nothing\n%s", diff)
	}
	times, early := 4, 0
	if all {
		times = 200
	}
	for i := range times {
		s.remove()
		s.proxy.Plan()
		p := c.start()
		var point any
		if i%2 == 0 {
			n := rand.N(requests)
			s.await(n)
			point = n
		} else {
			d := rand.N(length)
			time.Sleep(d)
			point = d
		}
		if p.kill() {
			early++
		}
		_, again := c.up()
		if diff := cmp.Diff(want, s.state()); diff != "" {
			t.Fatalf("kill %d, at %v, is not made good by the next run:\n%s\n%s", i+1, point, diff, again)
		}
	}
	t.Logf("killed %d times within %v and %d requests of the start, %d of them before the end", times, length.Round(100*time.Millisecond), requests, early)
	if early == 0 {
		t.Error("no run was killed before its end")
	}
}

// kill ends a process by force and reports whether it had not ended before.
func (p *process) kill() bool {
	p.Process.Kill() // that it has ended is told below
	p.Wait()
	return !p.ProcessState.Exited()
}

// TestTerminate ends the command by SIGTERM in the middle of a wave, and while it waits for one to be ready.
func TestTerminate(t *testing.T) {
	s := newSite(t, "1.36")
	c := newCommand(t, s.proxy.Config())

	s.proxy.Plan(every(2, nil, slow)...)
	p := c.start()
	s.await(40)
	p.stop(t)
	if out := p.out.String(); !strings.Contains(out, "failed after") {
		t.Errorf("not in the middle of a wave:\n%s", out)
	}

	s.proxy.Plan()
	s.cordon(true) // pods of Deployments stay Pending
	p = c.start()
	for range 300 {
		if strings.Contains(p.out.String(), "waiting for") {
			break
		}
		time.Sleep(100 * time.Millisecond)
	}
	p.stop(t)
	s.cordon(false)
	c.up()
}

func (s *site) cordon(closed bool) {
	s.Helper()
	body := fmt.Appendf(nil, `{"spec":{"unschedulable":%v}}`, closed)
	if _, err := s.dynamic.Resource(nodes).Patch(s.Context(), "node-1", types.MergePatchType, body, metav1.PatchOptions{}); err != nil {
		s.Fatal(err)
	}
}
