package probes

import (
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
)

// A Path is what is asked of one target from one pod.
type Path struct {
	Task     probe.Task
	Check    string // addon/probe
	Pod      string // that asks
	From, To string // for people; From is a node
	Group    string // what tells paths to one target apart: UDP, port 443
}

// Paths returns what pods are to be asked, and the rows of the probes for which there is nothing to ask.
func (t Plans) Paths() (paths []Path, without []check.Row) {
	for _, plan := range t.list {
		if plan.row != nil {
			without = append(without, *plan.row)
		}
		if len(plan.direct) > 0 { // which are made once, and not again and again
			none := t.survey.withoutProbePods()
			without = append(without, plan.judged(none.verdict, "", none.detail))
		}
		for _, e := range plan.queries {
			paths = append(paths, Path{Task: e.Task, Check: plan.addon.Name + "/" + plan.Name, Pod: e.pod, From: e.node, To: e.to, Group: e.group})
		}
	}
	return paths, without
}
