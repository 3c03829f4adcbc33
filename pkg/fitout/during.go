package fitout

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Watcher is what asking again and again needs of a running cluster.
type Watcher interface {
	Prober
	// Watch asks in a pod until stop is done, and tells of the losses so far every second.
	Watch(ctx, stop context.Context, pod corev1.Pod, w probe.Watching, seen func([]probe.Loss)) error
}

// DuringOptions say how a cluster is watched while something is done to it.
type DuringOptions struct {
	ProbeOptions
	Rate float64 // requests in a second, on each path
}

const (
	// duringTime is how long the pods of a watch answer.
	duringTime = probe.MaxTime
	// firstWord is how long a pod may take to tell of its first requests, and lastWord of its last ones.
	firstWord, lastWord = 15 * time.Second, 15 * time.Second
	// tail is how long is asked on after the work has ended.
	tail = 2 * time.Second
)

// During asks the cluster DNS, a Service and the host ports of the ingress at a fixed rate, from a pod on each node, while
// work is done, and accounts for what was lost. Without pods it asks from where it runs, as far as that leads.
func During(ctx context.Context, cluster Watcher, p *Plan, o DuringOptions, work func(context.Context) int) (c *report.Continuity, err error) {
	addons := Selection{Only: probes.Watched()}.Probes(p.Rendering.Addons)
	survey, err := surveyed(ctx, cluster, p)
	if err != nil {
		return nil, err
	}
	o.For = duringTime
	leave, err := staged(ctx, cluster, p, o.ProbeOptions, true, &survey)
	defer func() { err = errors.Join(err, leave()) }()
	if err != nil {
		return nil, err
	}
	c = &report.Continuity{
		APIVersion: report.Version, Kind: report.ContinuityKind, Cluster: p.Cluster.Name, Kubernetes: p.Cluster.KubernetesVersion,
		Bundle: p.Rendering.Bundle, Rate: o.Rate, Outside: survey.Environment.NoPods,
	}
	ask := cluster.Watch
	if c.Outside != "" {
		survey.Environment.NoPods, survey.Environment.Pods, ask = "", []corev1.Pod{here()}, askHere
	}
	trials := probes.Plan(addons, survey)
	var paths []probes.Path
	paths, c.NotAsked = trials.Paths()
	if c.Outside == "" {
		if row := survey.JudgePods(true); row.Verdict != check.Good {
			c.NotAsked = append([]check.Row{row}, c.NotAsked...)
		}
		askAll(ctx, cluster, survey.Environment.Pods, trials.Tasks()) // until the Service of pods that are this new leads to them
	}
	watches := watchAll(ctx, survey.Environment.Pods, paths, o.Rate, c.Outside != "", ask)
	c.Start = time.Now()
	c.Exit = work(ctx)
	c.Seconds = time.Since(c.Start).Seconds()
	_ = concurrent.Sleep(ctx, tail) // or until the run ends
	c.Paths = watches.end()
	return c, nil
}

// here stands for where this runs, as if it were a pod.
func here() corev1.Pod {
	return corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Name: "here", Labels: map[string]string{probe.LabelRole: probe.Asker}},
		Spec:       corev1.PodSpec{NodeName: "here"},
		Status:     corev1.PodStatus{PodIP: "127.0.0.1", Conditions: []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}},
	}
}

func askHere(_, stop context.Context, _ corev1.Pod, w probe.Watching, seen func([]probe.Loss)) error {
	return probe.Watch(stop, w, func(l []probe.Loss) error { seen(l); return nil })
}

// reachable parts paths into those that lead somewhere from here, and those that do not with the reason.
func reachable(ctx context.Context, paths []probes.Path) (open []probes.Path, closed []report.PathLoss) {
	var tasks []probe.Task
	var ports []int
	for _, p := range paths {
		tasks = append(tasks, p.Task)
		if p.Task.Network != "udp" {
			ports = append(ports, p.Task.Port)
		}
	}
	taken := intercepted(ctx, nobody, ports)
	for i, r := range probe.Run(ctx, tasks) {
		why := r.Error
		if tasks[i].Network != "udp" && taken[tasks[i].Port] != "" {
			r.OK, why = false, taken[tasks[i].Port]
		}
		if r.OK {
			open = append(open, paths[i])
			continue
		}
		lost := pathLoss(paths[i], probe.Loss{})
		lost.Unobserved = "not reached from here: " + why
		closed = append(closed, lost)
	}
	return open, closed
}

// watches are what asks, a watch for each pod.
type watches struct {
	stop   context.CancelFunc
	cancel context.CancelFunc
	wg     sync.WaitGroup
	list   []*podWatch
	closed []report.PathLoss
}

// watchAll begins to ask from all pods, and waits until each has told of its first requests or cannot be asked.
func watchAll(ctx context.Context, pods []corev1.Pod, paths []probes.Path, rate float64, outside bool, ask asking) *watches {
	w := &watches{}
	if outside {
		paths, w.closed = reachable(ctx, paths)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx)) // an interrupted run still tells what it saw
	stopped, stop := context.WithCancel(running)
	w.stop, w.cancel = stop, cancel
	for _, pod := range pods {
		own := slices.DeleteFunc(slices.Clone(paths), func(p probes.Path) bool { return p.Pod != pod.Name })
		if len(own) == 0 {
			continue
		}
		watch := newPodWatch(pod, own, rate)
		w.list = append(w.list, watch)
		w.wg.Go(func() { watch.run(running, stopped, ask) })
	}
	patience := time.After(firstWord)
	for _, watch := range w.list {
		select {
		case <-watch.begun:
		case <-patience:
			return w
		case <-ctx.Done():
			return w
		}
	}
	return w
}

// end stops asking and returns what was lost on each path, in the order of their probes.
func (w *watches) end() []report.PathLoss {
	w.stop()
	timer := time.AfterFunc(lastWord, w.cancel)
	w.wg.Wait()
	timer.Stop()
	w.cancel()
	all := w.closed
	for _, watch := range w.list {
		all = append(all, watch.losses()...)
	}
	slices.SortStableFunc(all, func(a, b report.PathLoss) int {
		return cmp.Or(cmp.Compare(a.Check, b.Check), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To), cmp.Compare(a.Group, b.Group))
	})
	return all
}
