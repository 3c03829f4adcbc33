package bed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

const (
	// fakeAnnotation on a node makes it one that kwok simulates.
	fakeAnnotation = "kwok.x-k8s.io/node"
	fakeValue      = "fake"

	notReadyTaint = "node.kubernetes.io/not-ready"

	// firstNodeIP precedes the addresses of the nodes. They are of the range
	// for benchmarks, 198.18.0.0/15, which no network routes.
	firstNodeIP = "198.18.0.0"
	maxNodes    = 512 // of /24 networks in podCIDR
)

// nodeSpec is what a simulated node is made from.
type nodeSpec struct {
	version          string // v1.36.4, the kubelet's
	providerIDPrefix string
}

// node returns the Node object number n, counted from 1, sized as the
// smallest node that Fitout cares for.
func (s nodeSpec) node(n int) map[string]any {
	name := nodeName(n)
	resources := map[string]string{"cpu": "3", "memory": "4Gi", "pods": "110", "ephemeral-storage": "40Gi"}
	spec := map[string]any{}
	if s.providerIDPrefix != "" {
		spec["providerID"] = s.providerIDPrefix + name
	}
	return map[string]any{
		"apiVersion": "v1",
		"kind":       "Node",
		"metadata": map[string]any{
			"name":        name,
			"annotations": map[string]string{fakeAnnotation: fakeValue},
			"labels": map[string]string{
				"type":                   "kwok",
				"kubernetes.io/arch":     "amd64",
				"kubernetes.io/hostname": name,
				"kubernetes.io/os":       "linux",
			},
		},
		"spec": spec,
		"status": map[string]any{
			"capacity":    resources,
			"allocatable": resources,
			"addresses": []map[string]string{
				{"type": "InternalIP", "address": nodeIP(n)},
				{"type": "Hostname", "address": name},
			},
			"nodeInfo": map[string]string{
				"architecture": "amd64", "operatingSystem": "linux",
				"kubeletVersion": s.version, "kubeProxyVersion": s.version,
				"osImage": "simulated", "kernelVersion": "0.0.0-simulated", "containerRuntimeVersion": "kwok://0",
				"machineID": "", "systemUUID": "", "bootID": "",
			},
		},
	}
}

func nodeName(n int) string { return fmt.Sprintf("node-%d", n) }

func nodeIP(n int) string {
	ip := netip.MustParseAddr(firstNodeIP)
	for range n {
		ip = ip.Next()
	}
	return ip.String()
}

// nodeList is the part of a NodeList that the bed looks at.
type nodeList struct {
	Items []struct {
		Metadata struct{ Name string }
		Spec     struct {
			PodCIDR    string
			ProviderID string
			Taints     []struct{ Key string }
		}
		Status struct {
			Conditions []struct{ Type, Status string }
		}
	}
}

// unready names a node that is not fully up yet, and why; "" when all are.
func (l nodeList) unready() string {
	for _, node := range l.Items {
		ready := false
		for _, condition := range node.Status.Conditions {
			ready = ready || condition.Type == "Ready" && condition.Status == "True"
		}
		switch {
		case !ready:
			return node.Metadata.Name + " is not Ready"
		case node.Spec.PodCIDR == "":
			return node.Metadata.Name + " has no podCIDR"
		}
		for _, taint := range node.Spec.Taints {
			if taint.Key == notReadyTaint {
				return node.Metadata.Name + " has the taint " + taint.Key
			}
		}
	}
	return ""
}

// addNodes creates count nodes after those that exist, and waits until all
// nodes are Ready and have a podCIDR.
func addNodes(ctx context.Context, c *client, spec nodeSpec, count int) error {
	if count <= 0 {
		return nil
	}
	const path = "/api/v1/nodes"
	var existing nodeList
	if err := c.do(ctx, http.MethodGet, path, nil, &existing); err != nil {
		return fmt.Errorf("list nodes: %w", err)
	}
	names := map[string]bool{}
	for _, node := range existing.Items {
		names[node.Metadata.Name] = true
	}
	if len(names)+count > maxNodes {
		return fmt.Errorf("%d nodes and %d more exceed %d, the number of pod networks in %s: ask for fewer", len(names), count, maxNodes, podCIDR)
	}
	for n := 1; count > 0; n++ {
		if names[nodeName(n)] {
			continue
		}
		if err := c.do(ctx, http.MethodPost, path, spec.node(n), nil); err != nil {
			return fmt.Errorf("create %s: %w", nodeName(n), err)
		}
		count--
	}
	return poll(ctx, 100*time.Millisecond, func() error {
		var list nodeList
		if err := c.do(ctx, http.MethodGet, path, nil, &list); err != nil {
			return err
		}
		if reason := list.unready(); reason != "" {
			return errors.New(reason)
		}
		return nil
	})
}

// poll tries until try succeeds or ctx ends. Then the error holds both why ctx
// ended and why the last whole try failed.
func poll(ctx context.Context, every time.Duration, try func() error) error {
	var last error
	for {
		err := try()
		if err == nil {
			return nil
		}
		if last == nil || ctx.Err() == nil { // or else it failed because ctx ended
			last = err
		}
		if concurrent.Sleep(ctx, every) != nil {
			return fmt.Errorf("%w: %w", context.Cause(ctx), last)
		}
	}
}
