// Package footprint tells what the addons of a rendering ask of a cluster: requests and limits of what runs on each node,
// and of what runs once, against the size of a node. It adds up what is declared, and counts what declares nothing.
package footprint

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// Version and Kind of the JSON form.
const (
	Version = "fitout.dev/v1alpha1"
	Kind    = "Footprint"
)

// MaxNodes bounds the nodes of a cluster, so that nothing overflows; Kubernetes is made for 5,000.
const MaxNodes = 100_000

// A Footprint is what the addons ask of the nodes of a cluster. Resource lists hold cpu and memory; in those of a
// container, what it does not declare is absent.
type Footprint struct {
	APIVersion string     `json:"apiVersion"`
	Kind       string     `json:"kind"`
	Bundle     string     `json:"bundle"`
	Digest     string     `json:"digest"` // of the rendering
	Node       Node       `json:"node"`
	Nodes      int        `json:"nodes"`     // how many there are
	EachNode   Share      `json:"eachNode"`  // of what runs on each node, on one node
	Once       Share      `json:"once"`      // of what runs once, or a fixed number of times
	Cluster    Share      `json:"cluster"`   // Once, and EachNode times the number of nodes
	Workloads  []Workload `json:"workloads"` // in the order of the addons
	// Budget is what the bundle allows any choice of its addons to request: EachNode of budget.node, Once of
	// budget.cluster. Zero where the bundle has none.
	Budget bundle.Budget `json:"budget,omitzero"`
}

// A Share is the sum of some workloads.
type Share struct {
	Requests corev1.ResourceList `json:"requests"`
	Limits   corev1.ResourceList `json:"limits"` // of those pods that have them
	// Containers counts those that go on running; the other two, those among them without a memory request and without a
	// memory limit.
	Containers      int `json:"containers"`
	WithoutRequests int `json:"withoutMemoryRequest"`
	WithoutLimits   int `json:"withoutMemoryLimit"`
}

// Where a workload runs.
const (
	OnEachNode = "each node"
	RunsOnce   = "once"
	Elsewhere  = "elsewhere" // on other nodes: those of another architecture, or of the control plane
)

// A Workload is an object that makes pods. Requests and Limits are those of one pod, as the scheduler counts them: the
// sum of its containers, or what its init containers need if that is more, and the overhead of its runtime class. A pod
// has no limit where one of its containers has none.
type Workload struct {
	Addon      string              `json:"addon"`
	Object     manifest.ID         `json:"object"`
	Runs       string              `json:"runs"`
	Pods       int                 `json:"pods"` // on each node, or in the cluster
	Requests   corev1.ResourceList `json:"requests"`
	Limits     corev1.ResourceList `json:"limits"`
	Containers []Container         `json:"containers"`
}

// A Container is one container of a pod.
type Container struct {
	Name     string              `json:"name"`
	Init     bool                `json:"init,omitempty"` // it ends before the pod runs; sidecars do not
	Requests corev1.ResourceList `json:"requests,omitempty"`
	Limits   corev1.ResourceList `json:"limits,omitempty"`
}

// Of adds up what the workloads of a rendering ask of a cluster with so many nodes of one size.
func Of(r *render.Rendering, node Node, nodes int) (*Footprint, error) {
	if nodes < 0 || nodes > MaxNodes {
		return nil, fmt.Errorf("the number of nodes is %d; give 0 to %d", nodes, MaxNodes)
	}
	f := &Footprint{
		APIVersion: Version, Kind: Kind, Bundle: r.Bundle, Digest: r.Digest, Node: node, Nodes: nodes,
		EachNode: newShare(), Once: newShare(), Cluster: newShare(), Workloads: []Workload{},
	}
	for _, a := range r.Addons {
		for _, o := range a.Objects {
			w, makesPods, err := workloadOf(o, node)
			if err != nil {
				return nil, fmt.Errorf("addon %s: %w", a.Name, err)
			}
			if makesPods {
				w.Addon = a.Name
				f.add(w)
			}
		}
	}
	f.Cluster.add(f.Once, 1)
	f.Cluster.add(f.EachNode, nodes)
	return f, nil
}

func (f *Footprint) add(w Workload) {
	f.Workloads = append(f.Workloads, w)
	switch w.Runs {
	case OnEachNode:
		f.EachNode.add(shareOf(w), w.Pods)
	case RunsOnce:
		f.Once.add(shareOf(w), w.Pods)
	}
}

func newShare() Share {
	return Share{Requests: nothing(), Limits: nothing()}
}

func nothing() corev1.ResourceList {
	return corev1.ResourceList{
		corev1.ResourceCPU:    *resource.NewQuantity(0, resource.DecimalSI),
		corev1.ResourceMemory: *resource.NewQuantity(0, resource.BinarySI),
	}
}

// shareOf is the share of one pod of a workload.
func shareOf(w Workload) Share {
	s := Share{Requests: w.Requests, Limits: w.Limits}
	for _, c := range w.Containers {
		if c.Init {
			continue
		}
		s.Containers++
		if _, ok := c.Requests[corev1.ResourceMemory]; !ok {
			s.WithoutRequests++
		}
		if _, ok := c.Limits[corev1.ResourceMemory]; !ok {
			s.WithoutLimits++
		}
	}
	return s
}

func (s *Share) add(other Share, times int) {
	addTo(s.Requests, other.Requests, times)
	addTo(s.Limits, other.Limits, times)
	s.Containers += times * other.Containers
	s.WithoutRequests += times * other.WithoutRequests
	s.WithoutLimits += times * other.WithoutLimits
}

func addTo(sum, list corev1.ResourceList, times int) {
	for _, name := range counted {
		total, more := sum[name], list[name].DeepCopy()
		more.Mul(int64(times))
		total.Add(more)
		sum[name] = total
	}
}
