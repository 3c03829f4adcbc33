package fitout_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
)

// watcher is a cluster whose pods tell every second of ten requests, of which the pods of node-1 lose one.
type watcher struct {
	prober
	breaks time.Duration // when the ways to the pods of node-0 break, and for how long they stay broken
	broken time.Duration
	start  time.Time
}

func (w *watcher) Survey(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (probes.Survey, error) {
	w.start = time.Now()
	s, err := w.prober.Survey(ctx, kinds, objects)
	s.DNS = &corev1.Service{Spec: corev1.ServiceSpec{ClusterIP: "10.32.0.10"}}
	return s, err
}

func (w *watcher) Watch(ctx, stop context.Context, pod corev1.Pod, asked probe.Watching, seen func([]probe.Loss)) error {
	losses := make([]probe.Loss, len(asked.Tasks))
	for {
		since := time.Since(w.start)
		if on0 := pod.Spec.NodeName == "node-0"; on0 && w.broken > 0 && since >= w.breaks && since < w.breaks+w.broken {
			return errors.New("connection reset")
		}
		select {
		case <-stop.Done():
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
		for i, t := range asked.Tasks {
			losses[i].ID = t.ID
			losses[i].Sent += int(asked.Rate)
			if pod.Spec.NodeName == "node-1" {
				losses[i].Lost++
				losses[i].Gap.Duration = 100 * time.Millisecond
			}
		}
		seen(losses)
	}
}

// during watches a cluster for 20 s of work.
func during(t *testing.T, w *watcher, work func(context.Context) int) (c *report.Continuity, err error) {
	t.Helper()
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	synctest.Test(t, func(t *testing.T) {
		o := fitout.DuringOptions{ProbeOptions: fitout.ProbeOptions{Run: "r", Image: "i", Start: time.Second}, Rate: 10}
		c, err = fitout.During(t.Context(), w, plan, o, work)
	})
	if len(w.removed) != 1 {
		t.Errorf("removed %q", w.removed)
	}
	return c, err
}

func works(context.Context) int { time.Sleep(20 * time.Second); return 3 }

func TestDuring(t *testing.T) {
	for name, test := range map[string]struct {
		watcher
		blind bool
	}{
		"the ways hold":               {watcher{}, false},
		"they break and come back":    {watcher{breaks: 5 * time.Second, broken: 6 * time.Second}, true},
		"they break and stay broken":  {watcher{breaks: 5 * time.Second, broken: time.Hour}, true},
		"they are broken all the way": {watcher{broken: time.Hour}, false},
	} {
		c, err := during(t, &test.watcher, works)
		if err != nil {
			t.Fatal(err)
		}
		never := test.broken == time.Hour && test.breaks == 0
		if len(c.Paths) != 2 || c.Exit != 3 || c.Seconds != 20 { // a Service from each of two nodes
			t.Fatalf("%s: %+v", name, c)
		}
		for _, p := range c.Paths {
			first := p.From == "node-0"
			if (p.Lost > 0) == first || (p.BlindSeconds >= 4) != (test.blind && first) || (p.Sent == 0) != (never && first) || (p.Unobserved != "") != (first && test.broken > 0) {
				t.Errorf("%s: %+v", name, p)
			}
			if !first && (p.Sent < 220 || p.Lost != p.Sent/10 || p.GapSeconds != .1) {
				t.Errorf("%s: %+v", name, p)
			}
		}
		var without []string
		for _, row := range c.NotAsked {
			without = append(without, row.Name()+" "+row.Detail)
		}
		if strings.Join(without, " ") != "coredns/dns-service no pod of the Service kube-system/kube-dns is ready" {
			t.Errorf("%s: not asked: %q", name, without)
		}
	}
}

// Where no pod runs, the report says why beside what was not asked for that.
func TestDuringWithoutPods(t *testing.T) {
	c, err := during(t, &watcher{prober: prober{pending: true}}, works)
	if err != nil || len(c.Paths) != 0 || len(c.NotAsked) != 3 || c.NotAsked[0].Check != probes.ProbePods || c.NotAsked[0].Verdict != check.Failed {
		t.Errorf("error %v, %+v", err, c)
	}
}

// Work that is interrupted is accounted for, and the pods are removed.
func TestDuringInterrupted(t *testing.T) {
	plan := prepare(t, catalogue(t), "1.36", "flannel", "none")
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		w := &watcher{}
		o := fitout.DuringOptions{ProbeOptions: fitout.ProbeOptions{Run: "r", Image: "i", Start: time.Second}, Rate: 10}
		c, err := fitout.During(ctx, w, plan, o, func(context.Context) int { time.Sleep(5 * time.Second); cancel(); return 1 })
		if err != nil || len(c.Paths) != 2 || c.Paths[0].Sent < 50 || len(w.removed) != 1 {
			t.Errorf("error %v, removed %q, %+v", err, w.removed, c)
		}
	})
}
