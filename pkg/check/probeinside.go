package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// inside are the probes that are made in pods: what each asks of whom, or the verdict where there is nothing to ask.
var inside = map[string]func(s Survey, t trial) ([]errand, stop){
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

// cast returns the ready probe pods of a role, by node.
func (s Survey) cast(role string) []target {
	var all []target
	for _, p := range named(s.Scene.Pods) {
		if p.Labels[probe.LabelRole] == role && podReady(p) && p.Status.PodIP != "" {
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

// ask makes errands of every asker to the targets near it.
func (s Survey) ask(targets []target, errands func(asker, to target) []errand) []errand {
	var all []errand
	at := map[string]*ends{}
	for _, to := range targets {
		at[to.node] = endsAt(to.node)
	}
	for _, asker := range s.cast(probe.Asker) {
		for _, to := range near(asker.node, targets) {
			for _, e := range errands(asker, to) {
				e.of = len(targets)
				e.pod, e.node, e.Address, e.to, e.ends = asker.name, asker.node, to.address, to.String(), at[to.node]
				all = append(all, e)
			}
		}
	}
	return all
}

// askOne makes errands of every asker to one address that is on no node, and leads to one of the pods behind it.
func (s Survey) askOne(name, address string, behind []target, errands ...errand) []errand {
	var nodes []string
	for _, p := range behind {
		nodes = append(nodes, p.node)
	}
	all := s.ask([]target{{address: address}}, func(target, target) []errand { return errands })
	to, anyOf := fmt.Sprintf("%s (%s)", name, address), endsAt(slices.Compact(nodes)...)
	for i := range all {
		all[i].to, all[i].ends = to, anyOf
	}
	return all
}

// lookups are the two ways to ask a name server.
func lookups(name string) []errand {
	return []errand{{Task: lookup("udp", name), group: "UDP"}, {Task: lookup("tcp", name), group: "TCP"}}
}

func lookup(network, name string) probe.Task {
	return probe.Task{Kind: probe.DNS, Network: network, Port: dnsPort, Name: name}
}

func (s Survey) ownName() string { return "kubernetes.default.svc." + s.Scene.Domain }

// dns returns the address of the cluster DNS and its ready pods, or what is wrong with them.
func (s Survey) dns() (address string, pods []target, wrong stop) {
	if s.DNS == nil {
		return "", nil, stop{Failed, "there is no Service kube-system/kube-dns"}
	}
	address = s.DNS.Spec.ClusterIP
	if _, err := netip.ParseAddr(address); err != nil {
		return "", nil, stop{Failed, fmt.Sprintf("the Service kube-system/kube-dns has the address %q", address)}
	}
	for _, p := range s.podsOf(s.DNS.Namespace, &metav1.LabelSelector{MatchLabels: s.DNS.Spec.Selector}) {
		if podReady(p) {
			pods = append(pods, target{p.Spec.NodeName, p.Name, p.Status.PodIP})
		}
	}
	switch {
	case len(pods) > 0:
		return address, byNode(pods), stop{}
	case s.onlyControlPlane():
		return "", nil, stop{Pending, "waits for worker nodes"}
	}
	return "", nil, stop{Failed, "no pod of the Service kube-system/kube-dns is ready"}
}

func (s Survey) dnsService(trial) ([]errand, stop) {
	address, pods, wrong := s.dns()
	return s.askOne("the cluster DNS", address, pods, lookups(s.ownName())...), wrong
}

func (s Survey) dnsOutside(trial) ([]errand, stop) {
	address, pods, wrong := s.dns()
	return s.askOne(s.Scene.Outside+" at the cluster DNS", address, pods, lookups(s.Scene.Outside)...), wrong
}

func (s Survey) dnsPods(trial) ([]errand, stop) {
	_, pods, wrong := s.dns()
	return s.ask(pods, func(_, _ target) []errand { return lookups(s.ownName()) }), wrong
}

func way(asker, to target) string {
	if asker.node == to.node {
		return "same node"
	}
	return "across nodes"
}

func (s Survey) podNetwork(trial) ([]errand, stop) {
	return s.ask(s.cast(probe.Peer), func(asker, to target) []errand {
		return []errand{{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}, group: way(asker, to)}}
	}), stop{}
}

func (s Survey) packetSize(trial) ([]errand, stop) {
	return s.ask(s.cast(probe.Peer), func(asker, to target) []errand {
		return []errand{
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort, Size: 1}, ground: true},
			{Task: probe.Task{Kind: probe.Echo, Network: "udp", Port: probe.EchoPort}, group: "UDP " + way(asker, to)},
			{Task: probe.Task{Kind: probe.Echo, Network: "tcp", Port: probe.EchoPort, Size: streamSize}, group: "TCP " + way(asker, to)},
		}
	}), stop{}
}

func (s Survey) serviceNetwork(trial) ([]errand, stop) {
	if s.Scene.Service == "" {
		return nil, stop{}
	}
	return s.askOne("the Service of the peers", s.Scene.Service, s.cast(probe.Peer),
		errand{Task: probe.Task{Kind: probe.HTTP, Port: probe.HTTPPort, Status: 200}}), stop{}
}

func (s Survey) apiServer(trial) ([]errand, stop) {
	if s.APIServer == "" {
		return nil, stop{Failed, "there is no Service default/kubernetes"}
	}
	return s.askOne("the API server", s.APIServer, nil, errand{Task: probe.Task{Kind: probe.HTTP, Secure: true, Port: 443, Path: "/version"}}), stop{}
}

// networkPolicy asks each peer itself whether the guarded port is open, and others whether it is closed to them while
// another is open: a port where nobody listens, or a network that is down, would be closed all the same.
func (s Survey) networkPolicy(trial) ([]errand, stop) {
	peers := s.cast(probe.Peer)
	all := s.ask(peers, func(_, _ target) []errand {
		return []errand{
			{Task: probe.Task{Kind: probe.TCP, Port: probe.HTTPPort}, group: "open", ground: true, control: true},
			{Task: probe.Task{Kind: probe.TCP, Port: probe.GuardedPort, Closed: true}, group: "closed"},
		}
	})
	for _, p := range peers {
		all = append(all, errand{
			Task: probe.Task{Kind: probe.TCP, Address: "127.0.0.1", Port: probe.GuardedPort},
			pod:  p.name, node: p.node, group: "to itself", to: p.String(), control: true, ends: endsAt(p.node),
		})
	}
	return all, stop{}
}

// healthTask asks a kube-proxy whether its rules are up to date.
func healthTask() probe.Task {
	return probe.Task{Kind: probe.HTTP, Port: kubeProxyHealth, Path: "/healthz", Status: 200}
}

// proxyHealth asks from each node the kube-proxy of the same.
func (s Survey) proxyHealth(t trial) ([]errand, stop) {
	targets, idle := t.targets(s)
	askers := map[string][]target{}
	for _, asker := range s.cast(probe.Asker) {
		askers[asker.node] = append(askers[asker.node], asker)
	}
	var all []errand
	for _, node := range targets {
		task := healthTask()
		task.Address = node.address
		for _, asker := range askers[node.node] {
			all = append(all, errand{Task: task, pod: asker.name, node: asker.node, to: node.String(), ends: endsAt(node.node)})
		}
	}
	return all, idle
}

// ingressPorts asks for a host that no Ingress has: the controller itself answers.
func (s Survey) ingressPorts(t trial) ([]errand, stop) {
	targets, idle := t.targets(s)
	errands := portErrands(t, "nobody."+s.Scene.Host)
	return s.ask(targets, func(_, _ target) []errand { return errands }), idle
}

// portErrands ask the host ports of an ingress for a host that nobody has.
func portErrands(t trial, nobody string) []errand {
	var all []errand
	for _, port := range t.addon.Checks.HostPorts {
		task := probe.Task{Kind: probe.HTTP, Port: port, Host: nobody, Status: 404}
		if port == 443 {
			task = probe.Task{Kind: probe.TLS, Port: port, Name: nobody}
		}
		all = append(all, errand{Task: task, group: fmt.Sprintf("port %d", port)})
	}
	return all
}

func (s Survey) ingressRoute(t trial) ([]errand, stop) {
	targets, idle := t.targets(s)
	return s.ask(targets, func(_, _ target) []errand {
		return []errand{{Task: probe.Task{Kind: probe.HTTP, Port: 80, Host: s.Scene.Host, Status: 200}}}
	}), idle
}

// targets are the nodes that are to run a pod of the addon's DaemonSets, as far as they are ready, or why there are none.
func (t trial) targets(s Survey) ([]target, stop) {
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
func (t trial) nodes(s Survey) []*corev1.Node {
	wanted := map[string]bool{}
	for _, o := range t.addon.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		if template, err := podTemplate(o); err == nil { // the check ready tells of one that cannot be read
			eligible, _ := s.eligible(template.PodTemplateSpec)
			for _, n := range eligible {
				wanted[n.Name] = true
			}
		}
	}
	all, _ := s.stage()
	return slices.DeleteFunc(all, func(n *corev1.Node) bool { return !wanted[n.Name] })
}
