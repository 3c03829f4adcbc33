package probes

import (
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "pod-network", Where: InPods, Fields: []string{"timeout"}, NeedsPeer: true,
	Queries: Survey.podNetwork,
	RestsOn: []dependency{networkFrom, networkTo},
})

func (s Survey) podNetwork(probePlan) ([]podQuery, earlyVerdict) {
	return s.queriesTo(s.readyProbePods(probe.Peer), func(asker, to target) []podQuery {
		return []podQuery{{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}, group: pathGroup(asker, to)}}
	}), earlyVerdict{}
}
