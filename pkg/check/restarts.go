package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// restarts judges whether a container of the addon's workloads has ended since a given time, also where all is well again:
// what came back after a crash was not noticed by anybody who looked later.
func (j judge) restarts() []Row {
	if j.snapshot.Since.IsZero() {
		return nil
	}
	var ended []string
	remedy, workloads := "", false
	for _, o := range j.addon.Objects {
		selector := podsBy(o)
		if selector == nil {
			continue
		}
		workloads = true
		for _, p := range j.snapshot.PodsMatching(o.GetNamespace(), selector) {
			texts, first := endedSince(p, j.snapshot.Since)
			if ended = append(ended, texts...); remedy == "" {
				remedy = first
			}
		}
	}
	switch since := j.snapshot.Since.UTC().Format(time.RFC3339); {
	case len(ended) > 0:
		return []Row{j.row(Restarts, Degraded, remedy, "since %s: %s", since, printable.FirstFew(ended))}
	case workloads:
		return []Row{j.row(Restarts, Good, "", "no container was restarted since %s", since)}
	}
	return nil
}

// endedSince says of the containers of a pod that were started again which have ended since, and how to see why.
func endedSince(p *corev1.Pod, since time.Time) (ended []string, remedy string) {
	for _, c := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		last := c.LastTerminationState.Terminated
		if last == nil || last.FinishedAt.Time.Before(since) {
			continue
		}
		text := fmt.Sprintf("container %s at %s: %s", observed.ContainerOnNode(p, c), last.FinishedAt.UTC().Format(time.RFC3339), observed.ExitText(last))
		if ended = append(ended, text); remedy == "" {
			remedy = observed.LogsCommand(p, c) + " --previous"
		}
	}
	return ended, remedy
}

// podsBy is what a workload selects its pods by; nil for other objects, and for one that cannot be read, of which the check
// ready tells.
func podsBy(o *manifest.Object) *metav1.LabelSelector {
	if gated[o.GetKind()] == nil {
		return nil
	}
	template, err := observed.WorkloadOf(o)
	if err != nil {
		return nil
	}
	return template.Selector
}
