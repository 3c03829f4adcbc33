package probes

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probe"
)

// A Probe proves one thing that addons are for. It stands in a file of its own, which is all that adding one takes, beside its
// cases in testdata/cases.
type Probe struct {
	Name   string // in addon.yaml, in the report and in --only: dns-service
	Proves string // what is true where it is good; docs/probes.md
	Where  Where
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
