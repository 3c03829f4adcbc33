package diagnose

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// firstUnhealthy returns the first suspect of a row that is not healthy.
func firstUnhealthy(s observed.Snapshot, row check.Row) (subject, bool) {
	for _, x := range row.Trail.Suspects {
		if healthy(s, x) {
			continue
		}
		p := subject{s: s, absent: x.Object}
		if o := s.Objects[x.Object]; o != nil {
			p = subjectOf(s, o, x.Node)
		}
		p.role = x.Part
		return p.forRow(row), true
	}
	return subject{}, false
}

// healthy reports whether a suspect works as far as Kubernetes can tell: an API is available, and a pod of a workload, or
// behind a Service, is ready, on the node where one is given.
func healthy(s observed.Snapshot, x check.Suspect) bool {
	o := s.Objects[x.Object]
	switch {
	case o == nil:
		return false
	case o.GetKind() == "APIService":
		return observed.Condition(o, "Available")["status"] == "True"
	case o.GetKind() == "Service":
		return len(observed.ServiceSelector(o)) == 0 || slices.ContainsFunc(s.PodsBehind(o), observed.PodReady)
	}
	return len(readyPods(s, o, x.Node)) > 0
}

// readyPods returns the ready pods of a workload, on a node where that is given.
func readyPods(s observed.Snapshot, o *manifest.Object, node string) []*corev1.Pod {
	template, err := observed.WorkloadOf(o)
	if err != nil || template.Selector == nil {
		return nil
	}
	return slices.DeleteFunc(s.PodsMatching(o.GetNamespace(), template.Selector), func(p *corev1.Pod) bool {
		return !observed.PodReady(p) || node != "" && p.Spec.NodeName != node
	})
}

// mostReadyPods bounds the pods of one suspect whose logs are read although they are ready.
const mostReadyPods = 2

// readySuspects are the healthy suspects of a row, with the pods whose logs may show what is wrong.
func readySuspects(s observed.Snapshot, row check.Row) []subject {
	var all []subject
	for _, x := range row.Trail.Suspects {
		o := s.Objects[x.Object]
		if o == nil || !observed.MakesPods(o) {
			continue
		}
		pods := readyPods(s, o, x.Node)
		for i := range pods[:min(len(pods), mostReadyPods)] {
			p := subject{s: s, object: o, pod: pods[i], node: s.Node(pods[i].Spec.NodeName), row: row, role: x.Part}
			if len(pods[i].Status.ContainerStatuses) > 0 {
				p.container = &pods[i].Status.ContainerStatuses[0]
			}
			all = append(all, p)
		}
	}
	return all
}

// digestOfHealthy explains a row whose suspects are all healthy: by what one of them says in its log, by what other rows found, or
// by nothing but what was seen.
func digestOfHealthy(s observed.Snapshot, row check.Row, rows []check.Row, rules []rule) *check.Digest {
	for _, p := range readySuspects(s, row) {
		if f, ok := p.firstMatch(rules); ok {
			return p.digest(f)
		}
	}
	d := &check.Digest{Missing: s.Evidence.Unavailable, Remedy: row.Remedy}
	if len(row.Trail.Suspects) > 0 {
		d.Object = row.Trail.Suspects[0].Object.String()
	}
	for _, known := range crossProbeRules {
		if f, ok := known(row, rows); ok {
			d.Cause, d.Explanation, d.Remedy = f.cause, printable.Short(f.explanation), f.remedy
			return d
		}
	}
	d.Cause, d.Explanation = check.Unexplained, printable.Short(row.Trail.Seen)
	if len(row.Trail.Suspects) > 0 {
		d.Explanation += "; ready is what it rests on: " + printable.FirstFew(row.Trail.Suspects)
	}
	return d
}
