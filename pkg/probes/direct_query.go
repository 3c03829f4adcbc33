package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// A Transport is how something is asked without pods.
type Transport string

// The transports.
const (
	Directly      Transport = "directly"               // from where Fitout runs
	ByForward     Transport = "by port-forward"        // through API server and kubelet into a pod
	ThroughServer Transport = "through the API server" // which asks a port of a node
)

// A DirectQuery is a task that is carried out without pods.
type DirectQuery struct {
	probe.Task
	Transport Transport
	Namespace string // ByForward: of Pod
	Pod       string
	Node      string // that it is about
	group     string // for counting: port 443
	to        string // what it is about, for people
	// addressType is how the node is reached. What one node answers there is known to lead to others, too.
	addressType string
	// reference is set on a query that proves nothing of the addon, only that its address leads to the node.
	reference bool
}

// kubeletPort is where each kubelet serves TLS.
const kubeletPort = 10250

// directTo asks a node on each of its addresses, the one for the world outside first. The kubelet proves that an
// address is the node's: its certificate names the node. The name is not sent, so that nothing in between can echo it.
func (s Survey) directTo(to target, queries []podQuery) []DirectQuery {
	n := s.Node(to.node)
	var all []DirectQuery
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		i := slices.IndexFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Type == kind })
		if i < 0 {
			continue
		}
		to.address = n.Status.Addresses[i].Address
		call := func(e podQuery, reference bool) {
			e.Task.Address = to.address
			all = append(all, DirectQuery{Task: e.Task, Transport: Directly, Node: to.node, group: e.group, to: to.String(), addressType: string(kind), reference: reference})
		}
		for _, e := range queries {
			call(e, false)
		}
		call(podQuery{Task: probe.Task{Kind: probe.TLS, Port: kubeletPort}}, true)
	}
	return all
}
