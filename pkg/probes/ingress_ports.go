package probes

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "ingress-ports", Where: InPods, Fields: []string{"timeout"}, Watch: true,
	Queries:     Survey.ingressPorts,
	WithoutPods: &Fallback{Queries: Survey.directPorts},
	RestsOn:     []dependency{probedObjects, networkTo, networkFrom},
})

func (s Survey) directPorts(t probePlan) []DirectQuery {
	nodes, _ := t.nodeTargets(s)
	var all []DirectQuery
	for _, n := range nodes {
		all = append(all, s.directTo(n, portQueries(t, "nobody.invalid"))...)
	}
	return all
}

// ingressPorts asks for a host that no Ingress has: the controller itself answers.
func (s Survey) ingressPorts(t probePlan) ([]podQuery, earlyVerdict) {
	targets, idle := t.nodeTargets(s)
	queries := portQueries(t, "nobody."+s.Environment.Host)
	return s.queriesTo(targets, func(_, _ target) []podQuery { return queries }), idle
}

// portQueries ask the host ports of an ingress for a host that nobody has.
func portQueries(t probePlan, nobody string) []podQuery {
	var all []podQuery
	for _, port := range t.addon.Checks.HostPorts {
		task := probe.Task{Kind: probe.HTTP, Port: port, Host: nobody, Status: 404}
		if port == 443 {
			task = probe.Task{Kind: probe.TLS, Port: port, Name: nobody}
		}
		all = append(all, podQuery{Task: task, group: fmt.Sprintf("port %d", port)})
	}
	return all
}
