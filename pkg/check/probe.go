package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ProbePods is the check of whether every node runs the pods that the probes are made from.
const ProbePods = "probe-pods"

// A Survey is what was observed of a cluster for its probes.
type Survey struct {
	Snapshot
	Now          time.Time
	DNS          *corev1.Service    // of the cluster DNS; nil where there is none
	APIServer    string             // address of the Service kubernetes
	NodeMetrics  []*manifest.Object // of metrics.k8s.io
	MetricsError string             // why there are no metrics
	CSINodes     []*manifest.Object
	Scene        Scene

	probePods *probePods // of Scene and of the nodes; see indexed
}

// A Scene is the pods that probes are made from, and what they ask for.
type Scene struct {
	// Absent says why there are no pods, where there are none.
	Absent    string
	Namespace string // of the pods
	Pods      []corev1.Pod
	Service   string // address of the peers' Service
	Host      string // of the Ingress to the peers
	Domain    string // of the cluster DNS: cluster.local
	Outside   string // a name outside the cluster; where it is empty, none is asked for
	Class     string // of the claim that is to be made, or DefaultClass; where it is empty, none is
	Claim     *ClaimAccount
	Kept      []string // namespaces that look like those of earlier runs and are not removed, with the reasons
}

// An errand is a task with what the judge has to know of it.
type errand struct {
	probe.Task
	pod, node string // that is asked, and where it is
	group     string // for counting: UDP, same node
	to        string // what it is about, for people
	of        int    // targets of which this is one that was chosen; 0 for a single one
	ends      *ends  // the nodes to one of which it leads, where it leads to any
	// ground is set on an errand without which others of the same node to the same target say nothing: it tells a packet
	// that is too large from a network that is down.
	ground bool
	// control is set on an errand that is good whether or not the probe's matter is in order: it counts for people, but a trial
	// of which nothing else is good has failed.
	control bool
}

// A stop is the verdict on a probe that needs no asking.
type stop struct {
	verdict Verdict
	detail  string
}

// A trial is a probe of an addon, as it is made on a cluster: tasks for pods, agents to be asked, or a row where nothing
// needs to be asked.
type trial struct {
	judge
	bundle.Probe
	errands []errand
	posts   []post
	calls   []Call // in place of errands where no pod can be asked
	row     *Row
}

// Trials are all probes of a cluster.
type Trials struct {
	survey Survey
	addons []render.Addon
	list   []trial
}

// An Answer is what one pod answered: results in the order of its tasks, or why it could not be asked.
type Answer struct {
	Results []probe.Result
	Error   string
}

// PlanProbes plans the probes of everything rendered.
func PlanProbes(addons []render.Addon, s Survey) Trials {
	s = s.indexed()
	t := Trials{survey: s, addons: addons}
	for _, a := range addons {
		for _, p := range a.Probes {
			planned := s.plan(judge{addon: a, snapshot: s.Snapshot}, p)
			if planned.row != nil || len(planned.errands)+len(planned.posts)+len(planned.calls) > 0 {
				t.list = append(t.list, planned)
			}
		}
	}
	return t
}

// plan plans one probe. One that nobody asked for has neither a row nor errands.
func (s Survey) plan(j judge, p bundle.Probe) trial {
	t := trial{judge: j, Probe: p}
	verdict := func(v Verdict, remedy, detail string) trial {
		row := j.row(p.Name, v, remedy, "%s", detail)
		t.row = &row
		return t
	}
	if p.Name == StorageClaim && s.Scene.Class == "" {
		return t
	}
	if known, ok := outside[p.Name]; ok {
		f := known(s, t)
		planned := verdict(f.verdict, f.remedy, f.detail)
		planned.row.Nodes = f.nodes
		return planned
	}
	if p.Agent != nil {
		return s.planAgents(t)
	}
	if p.Name == "dns-outside" && s.Scene.Outside == "" {
		return t
	}
	if len(s.Snapshot.indexed().nodes) == 0 {
		return verdict(Pending, "", "waits for nodes")
	}
	errands, stop := inside[p.Name](s, t)
	switch {
	case stop.verdict == Failed:
		return verdict(Failed, p.Usually, stop.detail)
	case stop.verdict != "":
		return verdict(stop.verdict, "", stop.detail)
	}
	if len(s.cast(probe.Asker)) == 0 {
		if t.calls = s.callsOf(t); len(t.calls) > 0 {
			return t
		}
	}
	if s.Scene.Absent != "" || len(errands) == 0 {
		return verdict(NotJudged, "", s.podless())
	}
	for i, e := range errands {
		e.ID = fmt.Sprintf("%s/%s/%d", j.addon.Name, p.Name, i)
		e.Timeout = metav1.Duration{Duration: p.Deadline()}
		t.errands = append(t.errands, e)
	}
	return t
}

// podless says why no pod can be asked, where none can.
func (s Survey) podless() string {
	return cmp.Or(s.Scene.Absent, "no probe pod runs; see the check "+ProbePods)
}

// Tasks returns what each pod is to be asked, by its name.
func (t Trials) Tasks() map[string][]probe.Task {
	tasks := map[string][]probe.Task{}
	for _, trial := range t.list {
		for _, e := range trial.errands {
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
func (t Trials) Paths() (paths []Path, without []Row) {
	for _, trial := range t.list {
		if trial.row != nil {
			without = append(without, *trial.row)
		}
		if len(trial.calls) > 0 { // which are made once, and not again and again
			without = append(without, trial.judge.row(trial.Name, NotJudged, "", "%s", t.survey.podless()))
		}
		for _, e := range trial.errands {
			paths = append(paths, Path{Task: e.Task, Check: trial.addon.Name + "/" + trial.Name, Pod: e.pod, From: e.node, To: e.to, Group: e.group})
		}
	}
	return paths, without
}

// Answers are what came of asking.
type Answers struct {
	Pods   map[string]Answer    // by the name of the probe pod
	Agents map[string]Statement // by the ID of the question
	Calls  map[string]Reply     // by the ID of the call
}

// Judge judges by what was answered: a row for each probe.
func (t Trials) Judge(given Answers) []Row {
	results := map[string]probe.Result{}
	for _, a := range given.Pods {
		for _, r := range a.Results {
			results[r.ID] = r
		}
	}
	var rows []Row
	for _, trial := range t.list {
		var row Row
		var c tally
		switch {
		case trial.row != nil:
			row = *trial.row
		case trial.Agent != nil:
			row = trial.judgeAgents(given.Agents)
		case len(trial.calls) > 0:
			row = t.judgeCalls(trial, given.Calls)
		default:
			c = count(trial, results, given.Pods)
			row = t.survey.judgeErrands(trial, c)
		}
		row.Trail = t.trail(trial, row, c)
		rows = append(rows, row)
	}
	return rows
}

// stage returns the nodes that are to run probe pods, and the others with the reason why not.
func (s Survey) stage() (nodes []*corev1.Node, others []string) {
	for _, n := range s.Snapshot.indexed().nodes {
		os, arch := n.Labels[corev1.LabelOSStable], n.Labels[corev1.LabelArchStable]
		ready, why := nodeReady(n)
		switch {
		case Simulated(n):
			others = append(others, n.Name+" is simulated")
		case virtual(n):
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

// PrepareProbe says why no pod of a probe can do anything on the nodes that there are; it is empty where one can.
func (s Survey) PrepareProbe() string {
	nodes, others := s.stage()
	if len(nodes) == 0 && len(others) > 0 {
		return "no node runs probe pods: " + some(others)
	}
	return ""
}
