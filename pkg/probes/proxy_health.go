package probes

import (
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probe"
)

var _ = register(Probe{
	Name: "proxy-health", Where: InPods, Fields: []string{"timeout"},
	Queries:     Survey.proxyHealth,
	WithoutPods: &Fallback{Queries: Survey.directProxies},
	RestsOn:     []dependency{probedObjects},
})

// directProxies asks each kube-proxy through the API server, and directly.
func (s Survey) directProxies(t probePlan) []DirectQuery {
	nodes, _ := t.nodeTargets(s)
	health := healthTask()
	var all []DirectQuery
	for _, n := range nodes {
		through := DirectQuery{Task: health, Transport: ThroughServer, Node: n.node, to: n.String(), addressType: "the API server"}
		all = append(all, through)
		all = append(all, s.directTo(n, []podQuery{{Task: health}})...)
	}
	return all
}

// kubeProxyHealth is the port on which kube-proxy answers for its health on each node.
const kubeProxyHealth = 10256

// healthTask asks a kube-proxy whether its rules are up to date.
func healthTask() probe.Task {
	return probe.Task{Kind: probe.HTTP, Port: kubeProxyHealth, Path: "/healthz", Status: 200}
}

// proxyHealth asks from each node the kube-proxy of the same.
func (s Survey) proxyHealth(t probePlan) ([]podQuery, earlyVerdict) {
	targets, idle := t.nodeTargets(s)
	askers := map[string][]target{}
	for _, asker := range s.readyProbePods(probe.Asker) {
		askers[asker.node] = append(askers[asker.node], asker)
	}
	var all []podQuery
	for _, node := range targets {
		task := healthTask()
		task.Address = node.address
		for _, asker := range askers[node.node] {
			all = append(all, podQuery{Task: task, pod: asker.name, node: asker.node, to: node.String(), destination: check.NewDestination(node.node)})
		}
	}
	return all, idle
}
