package fitout

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// A Prober is what probing needs of a running cluster. Package cluster has the real one.
type Prober interface {
	// Survey observes what probes are planned and judged by.
	Survey(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (probes.Survey, error)
	// OpenProbe creates the namespace of a run, and returns it as it is in the cluster.
	OpenProbe(ctx context.Context, namespace *manifest.Object) (*manifest.Object, error)
	// SweepProbes removes what earlier runs left behind, and says what looks so and is kept. own is the namespace of this run.
	SweepProbes(ctx context.Context, own *manifest.Object) (kept []string)
	// StartProbe creates the objects of a run of probes.
	StartProbe(ctx context.Context, objects []*manifest.Object) error
	// ProbePods returns the pods of a run, and the address of the peers' Service.
	ProbePods(ctx context.Context, namespace string) ([]corev1.Pod, string, error)
	// Ask carries out tasks in a pod.
	Ask(ctx context.Context, pod corev1.Pod, tasks []probe.Task) ([]probe.Result, error)
	// Run runs a command in a container of a pod, without input. The error says that it could not be run, or has not ended.
	Run(ctx context.Context, pod corev1.Pod, container string, command []string) (agent.Output, error)
	// Diagnose asks what explains that something is unmet. It does without what it may not ask.
	Diagnose(ctx context.Context, q observed.EvidenceRequest) observed.Evidence
	// RemoveProbe removes all that a run brought. The UID is that of the namespace; it is empty if it is not known.
	RemoveProbe(ctx context.Context, namespace string, uid types.UID) error
	Storage
	Outside
}

// ProbeOptions say how a cluster is probed.
type ProbeOptions struct {
	Run      string // a name of the run that no other has, a DNS label
	Image    string
	Absent   string        // why no pods are to be started, where none are
	Declined bool          // Absent is what the user wants
	Required bool          // pods that cannot be started are a failure
	Outside  string        // a name outside the cluster that the cluster DNS is to find; none if it is empty
	Class    string        // of a claim that is made, or check.DefaultClass; none is made if it is empty
	Start    time.Duration // how long pods may take to start
	Settle   time.Duration // how long to try again what does not work yet
	Select   Selection
	For      time.Duration // how long the pods answer; long enough for one run if it is 0
	// Guard is called before anything is brought into the cluster, unless it is nil: it sees to it that the namespace is removed
	// even if this process is killed. opened is told the UID of the namespace, release that nothing is left to do.
	Guard func(namespace string) (opened func(types.UID), release func(), err error)
}

// probeTime bounds a whole run without a claim and without the time to settle: a start, the longest probe, and room for slow
// answers.
const probeTime = 5 * time.Minute

// probeTime bounds the whole run, its pods, and how long a killed one may leave anything behind.
func (p *Plan) probeTime(o ProbeOptions) time.Duration {
	return min(probeTime+o.Settle+p.claimTime(o), probe.MaxTime)
}

// Probe tries whether the cluster does its job, and adds a row for each probe to a report. Whatever it brought into the
// cluster is removed, also where it is interrupted. The error is of the API server; what the probes find is in the rows.
// Where a check of the report is unmet, it has been waited for, or is not going to pass: then nothing is tried again.
func Probe(ctx context.Context, cluster Prober, p *Plan, o ProbeOptions, r *report.Report) error {
	if len(check.Unmet(r.Checks)) > 0 {
		o.Settle = 0
	}
	bounded, cancel := context.WithTimeout(ctx, p.probeTime(o))
	defer cancel()
	rows, err := probed(bounded, cluster, p, o)
	r.Checks = byAddon(append(r.Checks, rows...))
	r.Verdict = check.Overall(r.Checks)
	if err != nil {
		r.Verdict, r.Error = check.Failed, err.Error()
	}
	return err
}

// byAddon puts the rows of each addon together, in the order of their first ones.
func byAddon(rows []check.Row) []check.Row {
	first := map[string]int{}
	for i, row := range rows {
		if _, seen := first[row.Addon]; !seen {
			first[row.Addon] = i
		}
	}
	slices.SortStableFunc(rows, func(a, b check.Row) int { return first[a.Addon] - first[b.Addon] })
	return rows
}

func probed(ctx context.Context, cluster Prober, p *Plan, o ProbeOptions) (rows []check.Row, err error) {
	addons, pods := o.Select.Probes(p.Rendering.Addons), o.Select.Has(check.Row{Check: probes.ProbePods})
	survey, err := surveyed(ctx, cluster, p)
	if err != nil {
		return nil, err
	}
	leave, err := staged(ctx, cluster, p, o, pods || probes.NeedsPods(addons), &survey)
	defer func() { err = errors.Join(err, leave()) }()
	if err != nil {
		return nil, err
	}
	survey.Environment.Claim = p.claim(ctx, cluster, o, survey)
	rows = try(ctx, cluster, addons, survey)
	for until := time.Now().Add(o.Settle); len(check.Unmet(rows)) > 0 && time.Now().Before(until) && concurrent.Sleep(ctx, probeAgain) == nil; {
		if survey, rows, err = tryAgain(ctx, cluster, p, survey, rows); err != nil {
			return rows, err
		}
	}
	if pods {
		rows = append([]check.Row{survey.JudgePods(o.Required)}, rows...)
	}
	return explain(ctx, cluster, p.Diagnoses(), rows, survey.WithProbePods()), ctx.Err() // before the pods are gone
}

// probeAgain is how soon what did not work is tried again, as long as there is time to settle.
const probeAgain = 2 * time.Second

// try makes the probes of the addons and judges them.
func try(ctx context.Context, cluster Prober, addons []render.Addon, survey probes.Survey) []check.Row {
	trials := probes.Plan(addons, survey)
	return trials.Judge(probes.Results{
		Agents: askAgents(ctx, cluster, trials.AgentQueries()),
		Pods:   askAll(ctx, cluster, survey.Environment.Pods, trials.Tasks()),
		Calls:  callAll(ctx, cluster, trials.DirectQueries()),
	})
}

// tryAgain makes those probes again whose rows are unmet, by a new look at the cluster.
func tryAgain(ctx context.Context, cluster Prober, p *Plan, last probes.Survey, rows []check.Row) (probes.Survey, []check.Row, error) {
	survey, err := surveyed(ctx, cluster, p)
	if err != nil {
		return last, rows, err
	}
	survey.Environment = last.Environment
	var unmet Selection
	for _, row := range check.Unmet(rows) {
		unmet.Only = append(unmet.Only, row.Name())
	}
	now := map[string]check.Row{}
	for _, row := range try(ctx, cluster, unmet.Probes(p.Rendering.Addons), survey) {
		now[row.Name()] = row
	}
	for i, row := range rows {
		if again, ok := now[row.Name()]; ok {
			rows[i] = again
		}
	}
	return survey, rows, nil
}

// staged brings the pods of a run into the cluster where they are wanted, and says in the survey what has come of it. leave
// takes them out again; the error is that of ctx.
func staged(ctx context.Context, cluster Prober, p *Plan, o ProbeOptions, wanted bool, survey *probes.Survey) (leave func() error, err error) {
	leave = func() error { return nil }
	survey.Environment = probes.Environment{Domain: p.Cluster.Network.DNSDomain, ExternalName: o.Outside, NoPods: o.Absent, Declined: o.Declined, Required: o.Required, StorageClass: o.Class}
	if why := survey.NoNodes(); why != "" {
		survey.Environment.NoPods, survey.Environment.Declined = why, survey.AllSimulated()
	}
	if survey.Environment.NoPods != "" || len(survey.Nodes) == 0 || !wanted {
		return leave, nil
	}
	options := p.probe(o)
	opened, release := func(types.UID) {}, func() {}
	if o.Guard != nil {
		if opened, release, err = o.Guard(options.Namespace()); err != nil {
			return leave, err
		}
	}
	begun, uid, enterErr := enter(ctx, cluster, options, o.Start, opened, survey)
	leave = func() error {
		defer release()
		if !begun {
			return nil
		}
		return remove(ctx, cluster, options.Namespace(), uid)
	}
	if enterErr != nil {
		survey.Environment.NoPods = enterErr.Error()
	}
	return leave, ctx.Err() // not only the time of entering
}

// surveyed is what probes are planned and judged by, in bounded time.
func surveyed(ctx context.Context, cluster Prober, p *Plan) (probes.Survey, error) {
	ctx, cancel := context.WithTimeout(ctx, attendTimeout)
	defer cancel()
	return cluster.Survey(ctx, p.Kinds, p.objects())
}

// probe says what a run brings into the cluster: what the probes of the plan need.
func (p *Plan) probe(o ProbeOptions) probe.Options {
	options := probe.Options{Run: o.Run, Word: rand.Text(), Minor: p.Rendering.Bundle, Image: o.Image, Start: time.Now(), For: cmp.Or(o.For, p.probeTime(o))}
	probes.SetUp(&options, p.Rendering.Addons)
	return options
}

// enter brings the pods of a run into the cluster and waits for them, in bounded time. What has come of them is in the
// survey. begun is whether there is anything to remove, with the UID of the namespace if it is known; the error says why
// there are no pods, such as a missing permission.
func enter(ctx context.Context, cluster Prober, run probe.Options, start time.Duration, opened func(types.UID), survey *probes.Survey) (begun bool, uid types.UID, err error) {
	objects, err := probe.Objects(run)
	if err != nil {
		return false, "", err
	}
	ctx, cancel := context.WithTimeout(ctx, start+attendTimeout)
	defer cancel()
	namespace, err := cluster.OpenProbe(ctx, objects[0])
	if err != nil {
		return !apierrors.IsForbidden(err) && !apierrors.IsAlreadyExists(err), "", err
	}
	uid = namespace.GetUID()
	opened(uid)
	survey.Environment.Kept = cluster.SweepProbes(ctx, namespace)
	if err := cluster.StartProbe(ctx, objects[1:]); err != nil {
		return true, uid, err
	}
	survey.Environment.Host, survey.Environment.Namespace = run.Host(), run.Namespace()
	return true, uid, await(ctx, cluster, start, survey)
}

// await waits until the pods of a run have started, or have had their time for it.
func await(ctx context.Context, cluster Prober, patience time.Duration, survey *probes.Survey) (err error) {
	for until := time.Now().Add(patience); ; {
		if survey.Environment.Pods, survey.Environment.Service, err = cluster.ProbePods(ctx, survey.Environment.Namespace); err != nil {
			return err
		}
		if survey.PodsStarted() || !time.Now().Before(until) || concurrent.Sleep(ctx, probePoll) != nil {
			return nil
		}
	}
}

const probePoll = 500 * time.Millisecond

// connecting is how long it may take to reach what is asked.
const connecting = 15 * time.Second

// askAll asks all pods at once. A pod that hangs costs the time of its tasks and its own results, no others'.
func askAll(ctx context.Context, cluster Prober, pods []corev1.Pod, tasks map[string][]probe.Task) map[string]probes.PodResults {
	pods = slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return len(tasks[p.Name]) == 0 })
	answers := concurrent.Map(connectionsAtOnce, pods, func(pod corev1.Pod) probes.PodResults {
		longest := slices.MaxFunc(tasks[pod.Name], func(a, b probe.Task) int { return int(a.Timeout.Duration - b.Timeout.Duration) })
		ctx, cancel := context.WithTimeout(ctx, longest.Timeout.Duration+connecting)
		defer cancel()
		answer := probes.PodResults{}
		var err error
		if answer.Results, err = cluster.Ask(ctx, pod, tasks[pod.Name]); err != nil {
			answer.Error = err.Error()
		}
		return answer
	})
	byName := map[string]probes.PodResults{}
	for i, pod := range pods {
		byName[pod.Name] = answers[i]
	}
	return byName
}

// connectionsAtOnce bounds the pods that are asked at the same time.
const connectionsAtOnce = 32

// attendTimeout bounds each of the requests of a run of probes that are not the trials themselves.
const attendTimeout = 30 * time.Second

// remove takes a run out of the cluster, whatever has come of its context.
func remove(ctx context.Context, cluster Prober, namespace string, uid types.UID) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), attendTimeout)
	defer cancel()
	return cluster.RemoveProbe(ctx, namespace, uid)
}
