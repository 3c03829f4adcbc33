package probes

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// ProbePods is the check of whether every node runs the pods that the probes are made from.
const ProbePods = "probe-pods"

// A Survey is what was observed of a cluster for its probes.
type Survey struct {
	observed.Snapshot
	Now          time.Time
	DNS          *corev1.Service    // of the cluster DNS; nil where there is none
	APIServer    string             // address of the Service kubernetes
	NodeMetrics  []*manifest.Object // of metrics.k8s.io
	MetricsError string             // why there are no metrics
	CSINodes     []*manifest.Object
	Environment  Environment

	probePods *probePods // of Environment and of the nodes; see indexed
}

// A Environment is the pods that probes are made from, and what they ask for.
type Environment struct {
	// NoPods says why there are no probe pods, if there are none; Declined is whether that is on purpose: the user wants none, or all
	// nodes are simulated.
	NoPods       string
	Declined     bool
	Required     bool   // a pod that does not answer is a failure
	Namespace    string // of the pods
	Pods         []corev1.Pod
	Service      string // address of the peers' Service
	Host         string // of the Ingress to the peers
	Domain       string // of the cluster DNS: cluster.local
	ExternalName string // a name outside the cluster; where it is empty, none is asked for
	StorageClass string // of the claim that is to be made, or DefaultClass; where it is empty, none is
	Claim        *ClaimTest
	Kept         []string // namespaces that look like those of earlier runs and are not removed, with the reasons
}

// withoutProbePods is the verdict on what only pods can ask, where there are none.
func (s Survey) withoutProbePods() earlyVerdict {
	switch e := s.Environment; {
	case e.NoPods == "":
		return earlyVerdict{check.Unknown, "no probe pod runs; see the check " + ProbePods}
	case e.Declined:
		return earlyVerdict{check.Skipped, e.NoPods}
	default:
		return earlyVerdict{check.Unknown, e.NoPods}
	}
}

// probeNodes returns the nodes that are to run probe pods, and the others with the reason why not.
func (s Survey) probeNodes() (nodes []*corev1.Node, others []string) {
	for _, n := range s.SortedNodes() {
		os, arch := n.Labels[corev1.LabelOSStable], n.Labels[corev1.LabelArchStable]
		ready, why := observed.NodeReady(n)
		switch {
		case observed.Simulated(n):
			others = append(others, n.Name+" is simulated")
		case observed.Virtual(n):
			others = append(others, n.Name+" is virtual")
		case os != "linux" || !slices.Contains([]string{"amd64", "arm64"}, arch):
			others = append(others, fmt.Sprintf("%s is %s/%s", n.Name, os, arch))
		case !ready:
			others = append(others, fmt.Sprintf("%s is not ready (%s)", n.Name, why))
		default:
			nodes = append(nodes, n)
		}
	}
	return nodes, others
}

// NoNodes says why no pod of a probe can do anything on the nodes that there are; it is empty where one can.
func (s Survey) NoNodes() string {
	nodes, others := s.probeNodes()
	if len(nodes) == 0 && len(others) > 0 {
		return "no node runs probe pods: " + printable.FirstFew(others)
	}
	return ""
}

// probePods are the probe pods and the nodes that are to run them, found by node.
type probePods struct {
	nodes map[string]bool
	pods  map[podRole]*corev1.Pod
}

// An podRole is a role on a node.
type podRole struct{ node, role string }

// indexed returns the survey with its indexes. It must not change any more.
func (s Survey) indexed() Survey {
	s.Snapshot = s.Snapshot.Indexed()
	nodes, _ := s.probeNodes()
	x := &probePods{nodes: observed.NodeNames(nodes), pods: map[podRole]*corev1.Pod{}}
	for _, p := range observed.SortedPods(s.Environment.Pods) {
		at := podRole{p.Spec.NodeName, p.Labels[probe.LabelRole]}
		if x.pods[at] == nil && p.DeletionTimestamp == nil {
			x.pods[at] = p
		}
	}
	s.probePods = x
	return s
}

// probePod returns the pod of a role on a node, or nil.
func (s Survey) probePod(node, role string) *corev1.Pod {
	return s.probePods.pods[podRole{node, role}]
}

func (s Survey) isProbeNode(node string) bool { return s.probePods.nodes[node] }

// hasReadyPod reports whether a node has a ready pod of a role.
func (s Survey) hasReadyPod(node, role string) bool {
	pod := s.probePod(node, role)
	return pod != nil && observed.PodReady(pod)
}
