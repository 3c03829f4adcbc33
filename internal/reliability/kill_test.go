package reliability

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

var nodes = schema.GroupVersionResource{Version: "v1", Resource: "nodes"}

// TestKill kills the command at a random point of its run and runs it again: the cluster is then as after a run that
// nobody disturbed. No object is missing, left over, or changed once more than there.
func TestKill(t *testing.T) {
	sites, times := 1, 3
	if all {
		sites, times = 4, 50 // a run mostly waits
	}
	for i := range sites {
		t.Run(fmt.Sprint("site ", i+1), func(t *testing.T) {
			t.Parallel()
			kills(t, times)
		})
	}
}

// kills is so many kills on a control plane of their own. Every other point is a moment, and every other one a request:
// most requests come within moments, most moments pass in waiting.
func kills(t *testing.T, times int) {
	s := newSite(t, "1.36")
	c := newCommand(t, s.proxy.Config())
	c.up()
	want, everywhere := s.state(), s.served
	s.narrow()
	s.remove()
	s.proxy.Plan()
	length, _ := c.up()
	requests, early := s.proxy.Total(), 0
	if diff := cmp.Diff(want, s.state()); diff != "" {
		t.Fatalf("two undisturbed runs differ: the comparison means nothing\n%s", diff)
	}
	for i := range times {
		s.remove()
		s.proxy.Plan()
		p := c.start()
		point := s.somewhere(i, requests, length)
		if p.kill() {
			early++
		}
		_, again := c.up()
		if diff := cmp.Diff(want, s.state()); diff != "" {
			t.Fatalf("kill %d, at %s, is not made good by the next run:\n%s\n%s", i+1, point, diff, again)
		}
	}
	s.served = everywhere
	if diff := cmp.Diff(want, s.state()); diff != "" {
		t.Errorf("something was left over:\n%s", diff)
	}
	t.Logf("killed %d times within %v and %d requests of the start, %d of them before the end", times, length.Round(100*time.Millisecond), requests, early)
	if early == 0 {
		t.Error("no run was killed before its end")
	}
}

// somewhere waits until a random point of a run of so many requests and such a length, and returns it. The last third of the
// requests looks at what is waited for; how many these are differs.
func (s *site) somewhere(i, requests int, length time.Duration) string {
	if i%2 == 0 {
		n := rand.N(requests * 2 / 3)
		s.await(n)
		return fmt.Sprint(n, " requests")
	}
	d := rand.N(length)
	time.Sleep(d)
	return d.String()
}

// kill ends a process by force and reports whether it had not ended before.
func (p *process) kill() bool {
	p.Process.Kill() // that it has ended is told below
	p.Wait()
	return !p.ProcessState.Exited()
}

// begun waits until a run has recorded what it is about to apply, and applies it.
func (s *site) begun() {
	s.Helper()
	for range 6000 { // the API server judges all changes in a dry run first
		if _, err := s.dynamic.Resource(configMaps).Namespace(inventory.ID.Namespace).Get(s.Context(), inventory.Name, metav1.GetOptions{}); err == nil {
			s.await(s.proxy.Total() + 3)
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	s.Fatal("no run has begun within two minutes")
}

// TestTerminate ends the command by SIGTERM in the middle of a wave, and while it waits for one to be ready.
func TestTerminate(t *testing.T) {
	t.Parallel()
	s := newSite(t, "1.36")
	c := newCommand(t, s.proxy.Config())

	s.proxy.Plan(every(2, nil, slow)...)
	p := c.start()
	s.begun()
	p.stop(t)
	if out := p.out.String(); !strings.Contains(out, "failed after") {
		t.Errorf("not in the middle of a wave:\n%s", out)
	}

	s.proxy.Plan()
	s.cordon(true) // pods of Deployments stay Pending
	p = c.start()
	for range 1200 { // two minutes: a machine may be busy
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
