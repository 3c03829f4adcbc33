// Package probes holds the probes, a file for each, and what plans and judges them: which task goes to which pod, agent or port,
// and which verdict the results make. The tasks are those of package probe, which runs inside the pods.
package probes

import (
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
)

// A dependency returns objects that an unmet probe rests on.
type dependency func(t Plans, of probePlan, paths []check.FailedPath) []check.Suspect

// A Probe proves one thing that addons are for. It stands in a file of its own, which is all that adding one takes, beside its
// sentences in addons/probes.yaml and its cases in testdata/cases.
type Probe struct {
	Name  string // in addon.yaml, in addons/probes.yaml, in the report and in --only: dns-service
	Where Where
	// Fields are those of addon.yaml that it takes and cannot do without, beside name, proves and usually.
	Fields []string
	// MostTimeout bounds the timeout of addon.yaml; a minute where it is 0.
	MostTimeout time.Duration

	// Wanted reports whether anybody asked for it; nil if it is always made.
	Wanted func(Environment) bool
	// SetUp adds to what a run brings into the cluster what the probe needs there.
	SetUp func(*probe.Options, bundle.Probe)
	// Queries plans a probe that is made in pods: what each is to be asked, or the verdict if there is nothing to ask.
	Queries func(Survey, probePlan) ([]podQuery, earlyVerdict)
	// Judge judges a probe by what was observed alone.
	Judge func(Survey, probePlan) apiResult
	// WithoutPods asks something of it where no pod runs.
	WithoutPods *Fallback

	// RestsOn are the objects that it needs, in the order in which one looks for the cause of a failure.
	RestsOn []dependency
	// PodsProbe reaches the same pods at their own addresses. Where it is good and this one and ServiceProbe are not, the Service
	// address is the cause.
	PodsProbe, ServiceProbe string
	// NeedsPeer is set on a probe that says nothing of a node whose own peer is not ready.
	NeedsPeer bool
	// Watch is set on a probe that can be asked again and again while something else is done (--during).
	Watch bool
}

// Where says who asks.
type Where string

// The places from which probes are asked, in the words of docs/probes.md.
const (
	InPods      Where = "a pod on each node"
	InClaimPods Where = "a pod on one node, then on another"
	InAgents    Where = "Fitout, in the agent's own pod"
	FromAPI     Where = "Fitout"
)

// A Fallback is how something of a probe is asked without pods. Most probes have none: the API server's proxy goes to pods itself,
// past the addresses of Services and past the network between nodes, and an Ingress of a run has no pods behind it.
type Fallback struct {
	Queries func(Survey, probePlan) []DirectQuery
	Omits   string // what of the probe is not asked: over TCP only
}

// Plans are all probes of a cluster.
type Plans struct {
	survey Survey
	addons []render.Addon
	list   []probePlan
}

// A probePlan is a probe of an addon, as it is made on a cluster: queries for pods, agents to be asked, or a row where nothing
// needs to be asked.
type probePlan struct {
	addon        render.Addon
	bundle.Probe        // as addon.yaml declares it
	kind         *Probe // nil where this version has no such probe
	queries      []podQuery
	agents       []agentTarget
	direct       []DirectQuery // in place of queries where no pod can be asked
	row          *check.Row
}

// judged returns the row of the probe.
func (t probePlan) judged(v check.Verdict, remedy, detail string) check.Row {
	return check.Row{Addon: t.addon.Name, Check: t.Name, Verdict: v, Remedy: remedy, Detail: strings.TrimSpace(detail)}
}

// withRow gives the probe its row, so that nothing is asked.
func (t probePlan) withRow(v check.Verdict, remedy, detail string) probePlan {
	row := t.judged(v, remedy, detail)
	t.row = &row
	return t
}
