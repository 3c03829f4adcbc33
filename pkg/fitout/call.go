package fitout

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Outside is what asking without pods needs of a running cluster.
type Outside interface {
	// AskByForward carries out a task on a port of a pod, through a port-forward. The error says that there is none.
	AskByForward(ctx context.Context, namespace, pod string, t probe.Task) (probe.Result, error)
	// AskByServer gets a page of a node through the API server; sure says that a failure is not one of the way. The error
	// says that the API server does not do it.
	AskByServer(ctx context.Context, node string, t probe.Task) (r probe.Result, sure bool, err error)
}

// callsAtOnce bounds what is asked without pods at one time.
const callsAtOnce = 128

// callAll asks what is to be asked without pods, and returns the replies by the ID of the call.
func callAll(ctx context.Context, cluster Outside, calls []probes.DirectQuery) map[string]probes.DirectResult {
	var ports []int
	for _, call := range calls {
		if call.Transport == probes.Directly {
			ports = append(ports, call.Port)
		}
	}
	taken := intercepted(ctx, nobody, ports)
	replies := concurrent.Map(callsAtOnce, calls, func(call probes.DirectQuery) probes.DirectResult {
		if call.Transport == probes.Directly && taken[call.Port] != "" {
			return probes.DirectResult{NotMade: taken[call.Port]}
		}
		return reply(ctx, cluster, call)
	})
	byID := map[string]probes.DirectResult{}
	for i, call := range calls {
		byID[call.ID] = replies[i]
	}
	return byID
}

// nobody is an address that no network has: TEST-NET-3, RFC 5737.
const nobody = "203.0.113.1"

// intercepted returns those of TCP ports on which something on the way from here answers even for the address of nobody, with
// what that means: a transparent proxy would be taken for the cluster.
func intercepted(ctx context.Context, nobody string, ports []int) map[int]string {
	slices.Sort(ports)
	ports = slices.Compact(ports)
	var tasks []probe.Task
	for _, port := range ports {
		tasks = append(tasks, probe.Task{ID: "nobody", Kind: probe.TCP, Address: nobody, Port: port, Timeout: metav1.Duration{Duration: 2 * time.Second}})
	}
	taken := map[int]string{}
	for i, r := range probe.Run(ctx, tasks) {
		if r.OK {
			taken[ports[i]] = fmt.Sprintf("something on the way from here answers on port %d for every address, even for %s, which is nobody's", ports[i], nobody)
		}
	}
	return taken
}

// reply makes one call, in bounded time.
func reply(ctx context.Context, cluster Outside, call probes.DirectQuery) (r probes.DirectResult) {
	ctx, cancel := context.WithTimeout(ctx, call.Timeout.Duration+connecting)
	defer cancel()
	var err error
	switch call.Transport {
	case probes.ByForward:
		r.Conclusive = true // the way stands before anything is asked
		r.Result, err = cluster.AskByForward(ctx, call.Namespace, call.Pod, call.Task)
	case probes.ThroughServer:
		r.Result, r.Conclusive, err = cluster.AskByServer(ctx, call.Node, call.Task)
	default:
		r.Result = probe.Run(ctx, []probe.Task{call.Task})[0]
	}
	if err != nil {
		r.NotMade = err.Error()
	}
	return r
}
