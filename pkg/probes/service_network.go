package probes

import (
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "service-network", Where: InPods, Fields: []string{"timeout"}, Watch: true,
	Queries:   Survey.serviceNetwork,
	RestsOn:   []dependency{serviceRouting, networkFrom, networkTo},
	PodsProbe: "pod-network", ServiceProbe: "service-network",
})

func (s Survey) serviceNetwork(probePlan) ([]podQuery, earlyVerdict) {
	if s.Environment.Service == "" {
		return nil, earlyVerdict{}
	}
	return s.queriesToOne("the Service of the peers", s.Environment.Service, s.readyProbePods(probe.Peer),
		podQuery{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}}), earlyVerdict{}
}
