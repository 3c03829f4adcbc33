package fitout

import (
	"context"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// asking asks in a pod until stop is done.
type asking func(ctx, stop context.Context, pod corev1.Pod, w probe.Watching, seen func([]probe.Loss)) error

// A podWatch asks from one pod. Where the way to the pod breaks, such as with the API server, it asks anew; the time
// between is blind.
type podWatch struct {
	pod   corev1.Pod
	paths []probes.Path
	rate  float64

	begun chan struct{} // closed with the first losses that are told
	once  sync.Once
	mu    sync.Mutex
	done  map[string]probe.Loss // by the task's ID, of the ways that broke
	now   map[string]probe.Loss // of the one that is
	heard time.Time             // when losses were told the last time
	blind time.Duration
	err   error // why the last way broke
}

func newPodWatch(pod corev1.Pod, paths []probes.Path, rate float64) *podWatch {
	return &podWatch{pod: pod, paths: paths, rate: rate, begun: make(chan struct{}), heard: time.Now(), done: map[string]probe.Loss{}, now: map[string]probe.Loss{}}
}

func (w *podWatch) run(ctx, stop context.Context, ask asking) {
	tasks := make([]probe.Task, len(w.paths))
	for i, p := range w.paths {
		tasks[i] = p.Task
		tasks[i].Timeout = metav1.Duration{Duration: probe.WatchTimeout}
	}
	for {
		err := ask(ctx, stop, w.pod, probe.Watching{Tasks: tasks, Rate: w.rate}, w.seen)
		w.broken(err)
		if err == nil && stop.Err() != nil || concurrent.Sleep(stop, time.Second) != nil {
			break
		}
	}
	w.ended()
}

// seen takes losses. What went before them on a new way was blind.
func (w *podWatch) seen(losses []probe.Loss) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.now) == 0 {
		w.blinded()
	}
	w.heard = time.Now()
	for _, l := range losses {
		w.now[l.ID] = l
	}
	w.once.Do(func() { close(w.begun) })
}

// blinded counts the time since the last word, but for the second that there is between two of them.
func (w *podWatch) blinded() {
	select {
	case <-w.begun:
		w.blind += max(0, time.Since(w.heard)-time.Second)
	default: // it has not begun
	}
}

func (w *podWatch) broken(err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		w.err = err
	}
	for id, l := range w.now {
		w.done[id] = w.done[id].Plus(l)
	}
	w.now = map[string]probe.Loss{}
}

// ended counts as blind what has passed since the last word.
func (w *podWatch) ended() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.blinded()
}

// losses are those of each path. One of which nothing was heard was not observed.
func (w *podWatch) losses() []report.PathLoss {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []report.PathLoss
	for _, p := range w.paths {
		lost := pathLoss(p, w.done[p.Task.ID])
		lost.BlindSeconds = w.blind.Seconds()
		if w.err != nil && (lost.Sent == 0 || w.blind > 0) {
			lost.Unobserved = w.err.Error()
		}
		all = append(all, lost)
	}
	return all
}

func pathLoss(p probes.Path, l probe.Loss) report.PathLoss {
	return report.PathLoss{
		Check: p.Check, From: p.From, To: p.To, Group: p.Group, Sent: l.Sent, Lost: l.Lost,
		GapSeconds: l.Gap.Seconds(), Since: l.Since, Error: l.Error,
	}
}
