package probes

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Plan plans the probes of everything rendered.
func Plan(addons []render.Addon, s Survey) Plans {
	s = s.indexed()
	t := Plans{survey: s, addons: addons}
	for _, a := range addons {
		for _, p := range a.Probes {
			planned := s.plan(a, p)
			if planned.row != nil || len(planned.queries)+len(planned.agents)+len(planned.direct) > 0 {
				t.list = append(t.list, planned)
			}
		}
	}
	return t
}

// plan plans one probe. One that nobody asked for has neither a row nor queries.
func (s Survey) plan(a render.Addon, declared bundle.Probe) probePlan {
	p := probePlan{addon: a, Probe: declared, kind: registry[declared.Name]}
	switch {
	case p.kind == nil:
		return p.withRow(check.Failed, "use a version of Fitout that has this probe", "this version of Fitout has no such probe")
	case p.kind.Wanted != nil && !p.kind.Wanted(s.Environment):
		return p
	case p.kind.Judge != nil:
		found := p.kind.Judge(s, p)
		p = p.withRow(found.verdict, found.remedy, found.detail)
		p.row.Nodes = found.nodes
		return p
	case p.kind.Where == InAgents:
		return s.planAgents(p)
	case len(s.SortedNodes()) == 0:
		return p.withRow(check.Pending, "", "waits for nodes")
	}
	return s.planQueries(p)
}

// planQueries plans a probe that is made in pods, or without them where none runs.
func (s Survey) planQueries(p probePlan) probePlan {
	queries, early := p.kind.Queries(s, p)
	switch {
	case early.verdict == check.Failed:
		return p.withRow(check.Failed, p.Usually, early.detail)
	case early.verdict != "":
		return p.withRow(early.verdict, "", early.detail)
	}
	if len(s.readyProbePods(probe.Asker)) == 0 {
		if p.direct = s.directQueries(p); len(p.direct) > 0 {
			return p
		}
	}
	if s.Environment.NoPods != "" || len(queries) == 0 {
		none := s.withoutProbePods()
		return p.withRow(none.verdict, "", none.detail)
	}
	for i, q := range queries {
		q.ID = fmt.Sprintf("%s/%s/%d", p.addon.Name, p.Name, i)
		q.Timeout = metav1.Duration{Duration: p.Deadline()}
		p.queries = append(p.queries, q)
	}
	return p
}

// Tasks returns what each pod is to be asked, by its name.
func (t Plans) Tasks() map[string][]probe.Task {
	tasks := map[string][]probe.Task{}
	for _, plan := range t.list {
		for _, q := range plan.queries {
			tasks[q.pod] = append(tasks[q.pod], q.Task)
		}
	}
	return tasks
}

// Judge judges by what was answered: a row for each probe.
func (t Plans) Judge(given Results) []check.Row {
	results := map[string]probe.Result{}
	for _, a := range given.Pods {
		for _, r := range a.Results {
			results[r.ID] = r
		}
	}
	var rows []check.Row
	for _, plan := range t.list {
		var row check.Row
		var c tally
		switch {
		case plan.row != nil:
			row = *plan.row
		case plan.Agent != nil:
			row = plan.judgeAgents(given.Agents)
		case len(plan.direct) > 0:
			row = t.judgeDirect(plan, given.Calls)
		default:
			c = count(plan, results, given.Pods)
			row = t.survey.judgeQueries(plan, c)
		}
		if row.Trail = t.trail(plan, row, c); row.Trail != nil && plan.Agent != nil {
			row.Trail.Hung = plan.hung(given.Agents)
		}
		rows = append(rows, row)
	}
	return rows
}
