package changeset

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Handover is a workload that is no longer wanted and holds ports of the nodes which a new one takes: it goes before that one is
// applied, since a pod finds no node on which its port is held.
type Handover struct {
	Removal Change
	To      manifest.ID
	Ports   []int64
}

func (h Handover) String() string {
	var ports []string
	for _, p := range h.Ports {
		ports = append(ports, fmt.Sprint(p))
	}
	return fmt.Sprintf("it goes just before %s takes its ports of the nodes (%s), on all nodes at once: nobody holds them until the new pods are ready", h.To, strings.Join(ports, ", "))
}

// Handovers are the removals that go before changes are made.
func (s *Set) Handovers(changes []Change) []Handover {
	var all []Handover
	for _, r := range s.Removals {
		if r.Action != Prune || r.Live == nil {
			continue
		}
		held := hostPorts(r.Live)
		for _, c := range changes {
			if c.Live != nil || c.Wanted == nil {
				continue
			}
			taken := hostPorts(c.Wanted)
			maps.DeleteFunc(taken, func(port string, _ int64) bool { _, both := held[port]; return !both })
			if len(taken) > 0 {
				all = append(all, Handover{r, c.ID, slices.Compact(slices.Sorted(maps.Values(taken)))})
				break
			}
		}
	}
	return all
}

// hostPorts are the ports of the nodes that the pods of a workload hold, by number and protocol.
func hostPorts(o *manifest.Object) map[string]int64 {
	path := manifest.PodSpecPath(o.GetKind())
	if path == nil {
		return nil
	}
	spec, _, _ := unstructured.NestedMap(o.Object, path...)
	network, _, _ := unstructured.NestedBool(spec, "hostNetwork")
	containers, _, _ := unstructured.NestedSlice(spec, "containers")
	held := map[string]int64{}
	for _, container := range containers {
		fields, _ := container.(map[string]any)
		ports, _, _ := unstructured.NestedSlice(fields, "ports")
		for _, port := range ports {
			of, _ := port.(map[string]any)
			n, _, _ := unstructured.NestedInt64(of, "hostPort")
			if n == 0 && network {
				n, _, _ = unstructured.NestedInt64(of, "containerPort")
			}
			protocol, _, _ := unstructured.NestedString(of, "protocol")
			if protocol == "" {
				protocol = "TCP" // the API server's default
			}
			if n > 0 {
				held[fmt.Sprint(n, protocol)] = n
			}
		}
	}
	return held
}
