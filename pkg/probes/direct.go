package probes

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Transport is how something is asked without pods.
type Transport string

// The ways.
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
	// place is how the node is reached: a type of address. What one node answers there is known to lead to others, too.
	addressType string
	// witness is set on a call that says nothing of the addon, but that its place leads to the node.
	reference bool
}

// A DirectResult is what came of a call. Absent says why it could not be made; then nothing was learnt.
type DirectResult struct {
	probe.Result
	NotMade string
	// Sure says that a failure is one of the cluster, and not of the way that led there.
	Conclusive bool
}

// kubeletPort is where each kubelet serves TLS.
const kubeletPort = 10250

// withoutPods are the probes of which something can be asked without pods: the calls, and what of the probe they leave out.
// The others have no such way: the API server's proxy goes to pods itself, past the addresses of Services and past the
// network between nodes, and an Ingress of ours has no pods behind it.
var withoutPods = map[string]struct {
	calls func(s Survey, t probePlan) []DirectQuery
	less  string
}{
	"dns-pods":      {Survey.directDNS, "over TCP only"},
	"proxy-health":  {Survey.directProxies, ""},
	"ingress-ports": {Survey.directPorts, ""},
}

// directDNS asks each DNS pod on its own loopback: a forwarded connection begins inside the pod.
func (s Survey) directDNS(probePlan) []DirectQuery {
	_, pods, _ := s.dns()
	var all []DirectQuery
	for _, p := range pods {
		if !s.isProbeNode(p.node) {
			continue // nothing runs there
		}
		all = append(all, DirectQuery{Task: lookup("tcp", s.ownName()), Transport: ByForward, Namespace: s.DNS.Namespace, Pod: p.name, Node: p.node, to: p.String()})
	}
	return all
}

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

func (s Survey) directPorts(t probePlan) []DirectQuery {
	nodes, _ := t.nodeTargets(s)
	var all []DirectQuery
	for _, n := range nodes {
		all = append(all, s.directTo(n, portQueries(t, "nobody.invalid"))...)
	}
	return all
}

// directTo asks a node on each of its addresses, the one for the world outside first. The kubelet is the witness of an
// address: its certificate names the node. The name is not told, so that nothing on the way can give it back.
func (s Survey) directTo(to target, errands []podQuery) []DirectQuery {
	n := s.Node(to.node)
	var all []DirectQuery
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		i := slices.IndexFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Type == kind })
		if i < 0 {
			continue
		}
		to.address = n.Status.Addresses[i].Address
		call := func(e podQuery, witness bool) {
			e.Task.Address = to.address
			all = append(all, DirectQuery{Task: e.Task, Transport: Directly, Node: to.node, group: e.group, to: to.String(), addressType: string(kind), reference: witness})
		}
		for _, e := range errands {
			call(e, false)
		}
		call(podQuery{Task: probe.Task{Kind: probe.TLS, Port: kubeletPort}}, true)
	}
	return all
}

// directQueries returns the calls of a trial, none where it has no way without pods.
func (s Survey) directQueries(t probePlan) []DirectQuery {
	known, ok := withoutPods[t.Name]
	if !ok {
		return nil
	}
	calls := known.calls(s, t)
	for i := range calls {
		calls[i].ID = fmt.Sprintf("%s/%s/call/%d", t.addon.Name, t.Name, i)
		calls[i].Timeout = metav1.Duration{Duration: t.Deadline()}
	}
	return calls
}

// DirectQueries returns what is to be asked without pods.
func (t Plans) DirectQueries() []DirectQuery {
	var all []DirectQuery
	for _, trial := range t.list {
		all = append(all, trial.direct...)
	}
	return all
}
