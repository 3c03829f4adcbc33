// Package probes knows the probes: which tasks each gives to which pod, agent or port, and which verdict the results make. The
// tasks themselves are those of package probe, which runs inside the pods.
package probes

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProbePods is the check of whether every node runs the pods that the probes are made from.
const ProbePods = "probe-pods"

// A Survey is what was observed of a cluster for its probes.
type Survey struct {
	observed.Snapshot
	Now          time.Time
	DNS          *corev1.Service    // of the cluster DNS; nil where there is none
	APIServer    string             // address of the Service kubernetes
	NodeMetrics  []*manifest.Object // of metrics.k8s.io
	MetricsError string             // why there are no metrics
	CSINodes     []*manifest.Object
	Environment  Environment

	probePods *probePods // of Scene and of the nodes; see indexed
}

// A Environment is the pods that probes are made from, and what they ask for.
type Environment struct {
	// Absent says why there are no pods, where there are none.
	NoPods       string
	Namespace    string // of the pods
	Pods         []corev1.Pod
	Service      string // address of the peers' Service
	Host         string // of the Ingress to the peers
	Domain       string // of the cluster DNS: cluster.local
	ExternalName string // a name outside the cluster; where it is empty, none is asked for
	StorageClass string // of the claim that is to be made, or DefaultClass; where it is empty, none is
	Claim        *ClaimTest
	Kept         []string // namespaces that look like those of earlier runs and are not removed, with the reasons
}

// An podQuery is a task with what the judge has to know of it.
type podQuery struct {
	probe.Task
	pod, node   string             // that is asked, and where it is
	group       string             // for counting: UDP, same node
	to          string             // what it is about, for people
	of          int                // targets of which this is one that was chosen; 0 for a single one
	destination *check.Destination // the nodes to one of which it leads, where it leads to any
	// ground is set on an errand without which others of the same node to the same target say nothing: it tells a packet
	// that is too large from a network that is down.
	baseline bool
	// control is set on an errand that is good whether or not the probe's matter is in order: it counts for people, but a trial
	// of which nothing else is good has failed.
	control bool
}

// A earlyVerdict is the verdict on a probe that needs no asking.
type earlyVerdict struct {
	verdict check.Verdict
	detail  string
}

// A probePlan is a probe of an addon, as it is made on a cluster: tasks for pods, agents to be asked, or a row where nothing
// needs to be asked.
type probePlan struct {
	addon render.Addon
	bundle.Probe
	queries []podQuery
	agents  []agentTarget
	direct  []DirectQuery // in place of errands where no pod can be asked
	row     *check.Row
}

// Plans are all probes of a cluster.
type Plans struct {
	survey Survey
	addons []render.Addon
	list   []probePlan
}

// An PodResults is what one pod answered: results in the order of its tasks, or why it could not be asked.
type PodResults struct {
	Results []probe.Result
	Error   string
}

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

// plan plans one probe. One that nobody asked for has neither a row nor errands.
func (s Survey) plan(a render.Addon, p bundle.Probe) probePlan {
	t := probePlan{addon: a, Probe: p}
	verdict := func(v check.Verdict, remedy, detail string) probePlan {
		row := t.judged(v, remedy, detail)
		t.row = &row
		return t
	}
	if p.Name == StorageClaim && s.Environment.StorageClass == "" {
		return t
	}
	if known, ok := fromAPI[p.Name]; ok {
		f := known(s, t)
		planned := verdict(f.verdict, f.remedy, f.detail)
		planned.row.Nodes = f.nodes
		return planned
	}
	if p.Agent != nil {
		return s.planAgents(t)
	}
	if p.Name == "dns-outside" && s.Environment.ExternalName == "" {
		return t
	}
	if len(s.SortedNodes()) == 0 {
		return verdict(check.Pending, "", "waits for nodes")
	}
	errands, stop := inPods[p.Name](s, t)
	switch {
	case stop.verdict == check.Failed:
		return verdict(check.Failed, p.Usually, stop.detail)
	case stop.verdict != "":
		return verdict(stop.verdict, "", stop.detail)
	}
	if len(s.readyProbePods(probe.Asker)) == 0 {
		if t.direct = s.directQueries(t); len(t.direct) > 0 {
			return t
		}
	}
	if s.Environment.NoPods != "" || len(errands) == 0 {
		return verdict(check.NotJudged, "", s.noPodReason())
	}
	for i, e := range errands {
		e.ID = fmt.Sprintf("%s/%s/%d", a.Name, p.Name, i)
		e.Timeout = metav1.Duration{Duration: p.Deadline()}
		t.queries = append(t.queries, e)
	}
	return t
}

// judged returns the row of the probe.
func (t probePlan) judged(v check.Verdict, remedy, detail string) check.Row {
	return check.Row{Addon: t.addon.Name, Check: t.Name, Verdict: v, Remedy: remedy, Detail: strings.TrimSpace(detail)}
}

// noPodReason says why no pod can be asked, where none can.
func (s Survey) noPodReason() string {
	return cmp.Or(s.Environment.NoPods, "no probe pod runs; see the check "+ProbePods)
}

// Tasks returns what each pod is to be asked, by its name.
func (t Plans) Tasks() map[string][]probe.Task {
	tasks := map[string][]probe.Task{}
	for _, trial := range t.list {
		for _, e := range trial.queries {
			tasks[e.pod] = append(tasks[e.pod], e.Task)
		}
	}
	return tasks
}

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
	for _, trial := range t.list {
		if trial.row != nil {
			without = append(without, *trial.row)
		}
		if len(trial.direct) > 0 { // which are made once, and not again and again
			without = append(without, trial.judged(check.NotJudged, "", t.survey.noPodReason()))
		}
		for _, e := range trial.queries {
			paths = append(paths, Path{Task: e.Task, Check: trial.addon.Name + "/" + trial.Name, Pod: e.pod, From: e.node, To: e.to, Group: e.group})
		}
	}
	return paths, without
}

// Results are what came of asking.
type Results struct {
	Pods   map[string]PodResults   // by the name of the probe pod
	Agents map[string]AgentOutput  // by the ID of the question
	Calls  map[string]DirectResult // by the ID of the call
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
	for _, trial := range t.list {
		var row check.Row
		var c tally
		switch {
		case trial.row != nil:
			row = *trial.row
		case trial.Agent != nil:
			row = trial.judgeAgents(given.Agents)
		case len(trial.direct) > 0:
			row = t.judgeDirect(trial, given.Calls)
		default:
			c = count(trial, results, given.Pods)
			row = t.survey.judgeQueries(trial, c)
		}
		if row.Trail = t.trail(trial, row, c); row.Trail != nil && trial.Agent != nil {
			row.Trail.Hung = trial.hung(given.Agents)
		}
		rows = append(rows, row)
	}
	return rows
}

// probeNodes returns the nodes that are to run probe pods, and the others with the reason why not.
func (s Survey) probeNodes() (nodes []*corev1.Node, others []string) {
	for _, n := range s.SortedNodes() {
		os, arch := n.Labels[corev1.LabelOSStable], n.Labels[corev1.LabelArchStable]
		ready, why := observed.NodeReady(n)
		switch {
		case observed.Simulated(n):
			others = append(others, n.Name+" is simulated")
		case observed.Virtual(n):
			others = append(others, n.Name+" is virtual")
		case os != "linux" || !slices.Contains([]string{"amd64", "arm64"}, arch):
			others = append(others, fmt.Sprintf("%s is %s/%s", n.Name, os, arch))
		case !ready:
			others = append(others, fmt.Sprintf("%s is not ready (%s)", n.Name, why))
		default:
			nodes = append(nodes, n)
		}
	}
	return nodes, others
}

// NoNodes says why no pod of a probe can do anything on the nodes that there are; it is empty where one can.
func (s Survey) NoNodes() string {
	nodes, others := s.probeNodes()
	if len(nodes) == 0 && len(others) > 0 {
		return "no node runs probe pods: " + printable.FirstFew(others)
	}
	return ""
}
