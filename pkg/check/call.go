package check

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Way is how something is asked without pods.
type Way string

// The ways.
const (
	Directly      Way = "directly"               // from where Fitout runs
	ByForward     Way = "by port-forward"        // through API server and kubelet into a pod
	ThroughServer Way = "through the API server" // which asks a port of a node
)

// A Call is a task that is carried out without pods.
type Call struct {
	probe.Task
	Way       Way
	Namespace string // ByForward: of Pod
	Pod       string
	Node      string // that it is about
	group     string // for counting: port 443
	to        string // what it is about, for people
	// place is how the node is reached: a type of address. What one node answers there is known to lead to others, too.
	place string
	// witness is set on a call that says nothing of the addon, but that its place leads to the node.
	witness bool
}

// A Reply is what came of a call. Absent says why it could not be made; then nothing was learnt.
type Reply struct {
	probe.Result
	Absent string
	// Sure says that a failure is one of the cluster, and not of the way that led there.
	Sure bool
}

// kubeletPort is where each kubelet serves TLS.
const kubeletPort = 10250

// callable are the probes of which something can be asked without pods: the calls, and what of the probe they leave out.
// The others have no such way: the API server's proxy goes to pods itself, past the addresses of Services and past the
// network between nodes, and an Ingress of ours has no pods behind it.
var callable = map[string]struct {
	calls func(s Survey, t trial) []Call
	less  string
}{
	"dns-pods":      {Survey.callDNS, "over TCP only"},
	"proxy-health":  {Survey.callProxies, ""},
	"ingress-ports": {Survey.callPorts, ""},
}

// callDNS asks each DNS pod on its own loopback: a forwarded connection begins inside the pod.
func (s Survey) callDNS(trial) []Call {
	_, pods, _ := s.dns()
	var all []Call
	for _, p := range pods {
		if !s.onStage(p.node) {
			continue // nothing runs there
		}
		all = append(all, Call{Task: lookup("tcp", s.ownName()), Way: ByForward, Namespace: s.DNS.Namespace, Pod: p.name, Node: p.node, to: p.String()})
	}
	return all
}

// callProxies asks each kube-proxy through the API server, and directly.
func (s Survey) callProxies(t trial) []Call {
	nodes, _ := t.targets(s)
	health := healthTask()
	var all []Call
	for _, n := range nodes {
		through := Call{Task: health, Way: ThroughServer, Node: n.node, to: n.String(), place: "the API server"}
		all = append(all, through)
		all = append(all, s.direct(n, []errand{{Task: health}})...)
	}
	return all
}

func (s Survey) callPorts(t trial) []Call {
	nodes, _ := t.targets(s)
	var all []Call
	for _, n := range nodes {
		all = append(all, s.direct(n, portErrands(t, "nobody.invalid"))...)
	}
	return all
}

// direct asks a node on each of its addresses, the one for the world outside first. The kubelet is the witness of an
// address: its certificate names the node. The name is not told, so that nothing on the way can give it back.
func (s Survey) direct(to target, errands []errand) []Call {
	n := s.node(to.node)
	var all []Call
	for _, kind := range []corev1.NodeAddressType{corev1.NodeExternalIP, corev1.NodeInternalIP} {
		i := slices.IndexFunc(n.Status.Addresses, func(a corev1.NodeAddress) bool { return a.Type == kind })
		if i < 0 {
			continue
		}
		to.address = n.Status.Addresses[i].Address
		call := func(e errand, witness bool) {
			e.Task.Address = to.address
			all = append(all, Call{Task: e.Task, Way: Directly, Node: to.node, group: e.group, to: to.String(), place: string(kind), witness: witness})
		}
		for _, e := range errands {
			call(e, false)
		}
		call(errand{Task: probe.Task{Kind: probe.TLS, Port: kubeletPort}}, true)
	}
	return all
}

// callsOf returns the calls of a trial, none where it has no way without pods.
func (s Survey) callsOf(t trial) []Call {
	known, ok := callable[t.Name]
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

// Calls returns what is to be asked without pods.
func (t Trials) Calls() []Call {
	var all []Call
	for _, trial := range t.list {
		all = append(all, trial.calls...)
	}
	return all
}
