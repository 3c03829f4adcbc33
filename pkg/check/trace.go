package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
)

// firstSick returns the first suspect of a row that is not well.
func (s Snapshot) firstSick(row Row) (patient, bool) {
	for _, x := range row.Trail.Suspects {
		if s.well(x) {
			continue
		}
		p := patient{s: s, missing: x.Object}
		if o := s.Objects[x.Object]; o != nil {
			p = s.patientOf(o, x.Node)
		}
		p.part = x.Part
		return p.of(row), true
	}
	return patient{}, false
}

// well reports whether a suspect works as far as Kubernetes can tell: an API is available, and a pod of a workload, or
// behind a Service, is ready, on the node where one is given.
func (s Snapshot) well(x Suspect) bool {
	o := s.Objects[x.Object]
	switch {
	case o == nil:
		return false
	case o.GetKind() == "APIService":
		return conditionOf(o, "Available")["status"] == "True"
	case o.GetKind() == "Service":
		return len(podSelector(o)) == 0 || slices.ContainsFunc(s.podsBehind(o), podReady)
	}
	return len(s.readyPods(o, x.Node)) > 0
}

// readyPods returns the ready pods of a workload, on a node where that is given.
func (s Snapshot) readyPods(o *manifest.Object, node string) []*corev1.Pod {
	template, err := podTemplate(o)
	if err != nil || template.Selector == nil {
		return nil
	}
	return slices.DeleteFunc(s.podsOf(o.GetNamespace(), template.Selector), func(p *corev1.Pod) bool {
		return !podReady(p) || node != "" && p.Spec.NodeName != node
	})
}

// mostListened bounds the pods of one suspect whose logs are read although they are ready.
const mostListened = 2

// listened are the suspects of a row that are well, with the pods whose logs may tell what they suffer from.
func (s Snapshot) listened(row Row) []patient {
	var all []patient
	for _, x := range row.Trail.Suspects {
		o := s.Objects[x.Object]
		if o == nil || !makesPods(o) {
			continue
		}
		pods := s.readyPods(o, x.Node)
		for i := range pods[:min(len(pods), mostListened)] {
			p := patient{s: s, object: o, pod: pods[i], node: s.node(pods[i].Spec.NodeName), row: row, part: x.Part}
			if len(pods[i].Status.ContainerStatuses) > 0 {
				p.container = &pods[i].Status.ContainerStatuses[0]
			}
			all = append(all, p)
		}
	}
	return all
}

// traced explains a row whose suspects all are well: by what one of them says in its log, by what other rows found, or
// by nothing but what was seen.
func (s Snapshot) traced(row Row, rows []Row) *Digest {
	for _, p := range s.listened(row) {
		if f, ok := p.explain(telling); ok {
			return p.digest(f)
		}
	}
	d := &Digest{Missing: s.Evidence.Missing, Remedy: row.Remedy}
	if len(row.Trail.Suspects) > 0 {
		d.Object = row.Trail.Suspects[0].Object.String()
	}
	for _, known := range deductions {
		if f, ok := known(row, rows); ok {
			d.Cause, d.Explanation, d.Remedy = f.cause, line(f.means), f.remedy
			return d
		}
	}
	d.Cause, d.Explanation = Unexplained, line(row.Trail.Seen)
	if len(row.Trail.Suspects) > 0 {
		d.Explanation += "; ready is what it rests on: " + some(row.Trail.Suspects)
	}
	return d
}

// Unexplained is the cause of a row that nothing in the cluster explains.
const Unexplained = "unexplained"
