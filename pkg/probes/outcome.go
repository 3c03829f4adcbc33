package probes

import (
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
)

// idle is the verdict where an addon has no node to work on.
func (s Survey) idle(nodes []*corev1.Node) earlyVerdict {
	switch {
	case len(nodes) > 0:
		return earlyVerdict{}
	case len(s.SortedNodes()) == 0:
		return earlyVerdict{check.Pending, "waits for nodes"}
	case s.AllSimulated():
		return earlyVerdict{check.Skipped, "all nodes are simulated (" + observed.SimulatedAnnotation + "), where nothing runs"}
	case s.OnlyControlPlane():
		return earlyVerdict{check.Pending, "waits for worker nodes"}
	}
	return earlyVerdict{check.Unknown, "no node that it belongs on is ready"}
}

// An earlyVerdict is the verdict on a probe that needs no asking.
type earlyVerdict struct {
	verdict check.Verdict
	detail  string
}

// An apiResult is what a probe without pods found.
type apiResult struct {
	verdict        check.Verdict
	remedy, detail string
	nodes          []check.NodeResult
}
