package probes

import (
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "network-policy", Where: InPods, Fields: []string{"timeout"}, NeedsPeer: true,
	SetUp:   func(o *probe.Options, _ bundle.Probe) { o.Policies = true },
	Queries: Survey.networkPolicy,
	RestsOn: []dependency{networkFrom, networkTo},
})

// networkPolicy asks each peer itself whether the guarded port is open, and others whether it is closed to them while
// another is open: a port where nobody listens, or a network that is down, would be closed all the same.
func (s Survey) networkPolicy(probePlan) ([]podQuery, earlyVerdict) {
	peers := s.readyProbePods(probe.Peer)
	all := s.queriesTo(peers, func(_, _ target) []podQuery {
		return []podQuery{
			{Task: probe.Task{Kind: probe.TCP, Port: probe.HTTPPort}, group: "open", baseline: true, control: true},
			{Task: probe.Task{Kind: probe.TCP, Port: probe.GuardedPort, Closed: true}, group: "closed"},
		}
	})
	for _, p := range peers {
		all = append(all, podQuery{
			Task: probe.Task{Kind: probe.TCP, Address: "127.0.0.1", Port: probe.GuardedPort},
			pod:  p.name, node: p.node, group: "to itself", to: p.String(), control: true, destination: check.NewDestination(p.node),
		})
	}
	return all, earlyVerdict{}
}
