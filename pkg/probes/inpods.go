package probes

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// inPods are the probes that are made in pods: what each asks of whom, or the verdict where there is nothing to ask.
var inPods = map[string]func(s Survey, t probePlan) ([]podQuery, earlyVerdict){
	"dns-service":     Survey.dnsService,
	"dns-pods":        Survey.dnsPods,
	"dns-outside":     Survey.dnsOutside,
	"pod-network":     Survey.podNetwork,
	"packet-size":     Survey.packetSize,
	"service-network": Survey.serviceNetwork,
	"api-server":      Survey.apiServer,
	"network-policy":  Survey.networkPolicy,
	"proxy-health":    Survey.proxyHealth,
	"ingress-ports":   Survey.ingressPorts,
	"ingress-route":   Survey.ingressRoute,
}

const (
	dnsPort         = 53
	kubeProxyHealth = 10256
	streamSize      = 64 << 10 // of an echo over TCP: many whole packets
	// neighbours bounds how many others each node asks, so that the work grows with the nodes and not with their square.
	neighbours = 8
)

// A target is something on a node that can be asked.
type target struct{ node, name, address string }

func (p target) String() string { return fmt.Sprintf("%s on %s (%s)", p.name, p.node, p.address) }

// readyProbePods returns the ready probe pods of a role, by node.
func (s Survey) readyProbePods(role string) []target {
	var all []target
	for _, p := range observed.SortedPods(s.Environment.Pods) {
		if p.Labels[probe.LabelRole] == role && observed.PodReady(p) && p.Status.PodIP != "" {
			all = append(all, target{p.Spec.NodeName, p.Name, p.Status.PodIP})
		}
	}
	return byNode(all)
}

func byNode(targets []target) []target {
	slices.SortFunc(targets, func(a, b target) int { return strings.Compare(a.node+" "+a.name, b.node+" "+b.name) })
	return targets
}

// near returns the targets that a node asks: those from its own on, in the order of the nodes, in a ring. On clusters that
// are small enough these are all.
func near(node string, targets []target) []target {
	if len(targets) <= neighbours {
		return targets
	}
	start, _ := slices.BinarySearchFunc(targets, node, func(p target, node string) int { return strings.Compare(p.node, node) })
	ring := make([]target, neighbours)
	for i := range ring {
		ring[i] = targets[(start+i)%len(targets)]
	}
	return ring
}

// queriesTo makes errands of every asker to the targets near it.
func (s Survey) queriesTo(targets []target, errands func(asker, to target) []podQuery) []podQuery {
	var all []podQuery
	at := map[string]*check.Destination{}
	for _, to := range targets {
		at[to.node] = check.NewDestination(to.node)
	}
	for _, asker := range s.readyProbePods(probe.Asker) {
		for _, to := range near(asker.node, targets) {
			for _, e := range errands(asker, to) {
				e.of = len(targets)
				e.pod, e.node, e.Address, e.to, e.destination = asker.name, asker.node, to.address, to.String(), at[to.node]
				all = append(all, e)
			}
		}
	}
	return all
}

// queriesToOne makes errands of every asker to one address that is on no node, and leads to one of the pods behind it.
func (s Survey) queriesToOne(name, address string, behind []target, errands ...podQuery) []podQuery {
	var nodes []string
	for _, p := range behind {
		nodes = append(nodes, p.node)
	}
	all := s.queriesTo([]target{{address: address}}, func(target, target) []podQuery { return errands })
	to, anyOf := fmt.Sprintf("%s (%s)", name, address), check.NewDestination(slices.Compact(nodes)...)
	for i := range all {
		all[i].to, all[i].destination = to, anyOf
	}
	return all
}

// lookups are the two ways to ask a name server.
func lookups(name string) []podQuery {
	return []podQuery{{Task: lookup("udp", name), group: "UDP"}, {Task: lookup("tcp", name), group: "TCP"}}
}

func lookup(network, name string) probe.Task {
	return probe.Task{Kind: probe.DNS, Network: network, Port: dnsPort, Name: name}
}

func (s Survey) ownName() string { return "kubernetes.default.svc." + s.Environment.Domain }

// dns returns the address of the cluster DNS and its ready pods, or what is wrong with them.
func (s Survey) dns() (address string, pods []target, wrong earlyVerdict) {
	if s.DNS == nil {
		return "", nil, earlyVerdict{check.Failed, "there is no Service kube-system/kube-dns"}
	}
	address = s.DNS.Spec.ClusterIP
	if _, err := netip.ParseAddr(address); err != nil {
		return "", nil, earlyVerdict{check.Failed, fmt.Sprintf("the Service kube-system/kube-dns has the address %q", address)}
	}
	for _, p := range s.PodsMatching(s.DNS.Namespace, &metav1.LabelSelector{MatchLabels: s.DNS.Spec.Selector}) {
		if observed.PodReady(p) {
			pods = append(pods, target{p.Spec.NodeName, p.Name, p.Status.PodIP})
		}
	}
	switch {
	case len(pods) > 0:
		return address, byNode(pods), earlyVerdict{}
	case s.OnlyControlPlane():
		return "", nil, earlyVerdict{check.Pending, "waits for worker nodes"}
	}
	return "", nil, earlyVerdict{check.Failed, "no pod of the Service kube-system/kube-dns is ready"}
}

func (s Survey) dnsService(probePlan) ([]podQuery, earlyVerdict) {
	address, pods, wrong := s.dns()
	return s.queriesToOne("the cluster DNS", address, pods, lookups(s.ownName())...), wrong
}

func (s Survey) dnsOutside(probePlan) ([]podQuery, earlyVerdict) {
	address, pods, wrong := s.dns()
	return s.queriesToOne(s.Environment.ExternalName+" at the cluster DNS", address, pods, lookups(s.Environment.ExternalName)...), wrong
}

func (s Survey) dnsPods(probePlan) ([]podQuery, earlyVerdict) {
	_, pods, wrong := s.dns()
	return s.queriesTo(pods, func(_, _ target) []podQuery { return lookups(s.ownName()) }), wrong
}

func pathGroup(asker, to target) string {
	if asker.node == to.node {
		return "same node"
	}
	return "across nodes"
}

func (s Survey) podNetwork(probePlan) ([]podQuery, earlyVerdict) {
	return s.queriesTo(s.readyProbePods(probe.Peer), func(asker, to target) []podQuery {
		return []podQuery{{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}, group: pathGroup(asker, to)}}
	}), earlyVerdict{}
}

func (s Survey) packetSize(probePlan) ([]podQuery, earlyVerdict) {
	return s.queriesTo(s.readyProbePods(probe.Peer), func(asker, to target) []podQuery {
		return []podQuery{
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort, Size: 1}, baseline: true},
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort}, group: "UDP " + pathGroup(asker, to)},
			{Task: probe.Task{Kind: probe.Echo, Network: "tcp", Port: probe.EchoPort, Size: streamSize}, group: "TCP " + pathGroup(asker, to)},
		}
	}), earlyVerdict{}
}

func (s Survey) serviceNetwork(probePlan) ([]podQuery, earlyVerdict) {
	if s.Environment.Service == "" {
		return nil, earlyVerdict{}
	}
	return s.queriesToOne("the Service of the peers", s.Environment.Service, s.readyProbePods(probe.Peer),
		podQuery{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}}), earlyVerdict{}
}

func (s Survey) apiServer(probePlan) ([]podQuery, earlyVerdict) {
	if s.APIServer == "" {
		return nil, earlyVerdict{check.Failed, "there is no Service default/kubernetes"}
	}
	return s.queriesToOne("the API server", s.APIServer, nil, podQuery{Task: probe.Task{Kind: probe.HTTP, Secure: true, Port: 443, Path: "/version"}}), earlyVerdict{}
}

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

// ingressPorts asks for a host that no Ingress has: the controller itself answers.
func (s Survey) ingressPorts(t probePlan) ([]podQuery, earlyVerdict) {
	targets, idle := t.nodeTargets(s)
	errands := portQueries(t, "nobody."+s.Environment.Host)
	return s.queriesTo(targets, func(_, _ target) []podQuery { return errands }), idle
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

func (s Survey) ingressRoute(t probePlan) ([]podQuery, earlyVerdict) {
	targets, idle := t.nodeTargets(s)
	return s.queriesTo(targets, func(_, _ target) []podQuery {
		return []podQuery{{Task: probe.Task{Kind: probe.HTTP, Port: 80, Host: s.Environment.Host, Status: 200}}}
	}), idle
}

// nodeTargets are the nodes that are to run a pod of the addon's DaemonSets, as far as they are ready, or why there are none.
func (t probePlan) nodeTargets(s Survey) ([]target, earlyVerdict) {
	nodes := t.nodes(s)
	var all []target
	for _, n := range nodes {
		for _, a := range n.Status.Addresses {
			if a.Type == corev1.NodeInternalIP {
				all = append(all, target{n.Name, t.addon.Name, a.Address})
				break
			}
		}
	}
	return byNode(all), s.idle(nodes)
}

// nodes are those of the stage on which a DaemonSet of the addon is to be.
func (t probePlan) nodes(s Survey) []*corev1.Node {
	wanted := map[string]bool{}
	for _, o := range t.addon.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		if template, err := observed.WorkloadOf(o); err == nil { // the check ready tells of one that cannot be read
			eligible, _ := s.EligibleNodes(template.PodTemplateSpec)
			for _, n := range eligible {
				wanted[n.Name] = true
			}
		}
	}
	all, _ := s.probeNodes()
	return slices.DeleteFunc(all, func(n *corev1.Node) bool { return !wanted[n.Name] })
}

// MadeInPods reports whether a name, alone or with that of an addon, is of a probe that is made in pods.
func MadeInPods(name string) bool {
	name = name[strings.LastIndex(name, "/")+1:]
	return inPods[name] != nil || name == StorageClaim
}

// NeedsPods reports whether a probe of the addons is made in pods.
func NeedsPods(addons []render.Addon) bool {
	return slices.ContainsFunc(addons, func(a render.Addon) bool {
		return slices.ContainsFunc(a.Probes, func(p bundle.Probe) bool { return MadeInPods(p.Name) })
	})
}
