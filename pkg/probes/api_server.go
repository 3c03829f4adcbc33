package probes

import (
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "api-server", Where: InPods, Fields: []string{"timeout"},
	Queries:   Survey.apiServer,
	RestsOn:   []dependency{serviceRouting, networkFrom},
	PodsProbe: "pod-network", ServiceProbe: "service-network",
})

func (s Survey) apiServer(probePlan) ([]podQuery, earlyVerdict) {
	if s.APIServer == "" {
		return nil, earlyVerdict{check.Failed, "there is no Service default/kubernetes"}
	}
	return s.queriesToOne("the API server", s.APIServer, nil, podQuery{Task: probe.Task{Kind: probe.HTTP, Secure: true, Port: 443, Path: "/version"}}), earlyVerdict{}
}
