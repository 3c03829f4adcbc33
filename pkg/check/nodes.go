package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
)

// judgeNodes judges the nodes themselves: each is to be ready and short of nothing, and some are to take pods.
func judgeNodes(s observed.Snapshot) Row {
	row := Row{Check: Nodes, Verdict: Good}
	if len(s.SortedNodes()) == 0 {
		row.Verdict, row.Detail, row.Remedy = Pending, "no node has joined yet", "add nodes, then run fitout check"
		return row
	}
	var bad []string
	notReady := 0
	for _, n := range s.SortedNodes() {
		if ok, why := observed.NodeReady(n); !ok {
			notReady++
			bad = append(bad, fmt.Sprintf("%s (%s)", n.Name, why))
		} else if short := shortOf(n); short != "" {
			bad = append(bad, fmt.Sprintf("%s (%s)", n.Name, short))
		} else {
			continue
		}
		if row.About.Name == "" {
			row.About = manifest.ID{Kind: "Node", Name: n.Name}
		}
	}
	row.Detail = strings.Join(append([]string{fmt.Sprintf("%d/%d ready", len(s.SortedNodes())-notReady, len(s.SortedNodes()))}, nodeKinds(s)...), ", ")
	switch cordoned := s.CountNodes(cordoned); {
	case len(bad) > 0:
		row.Verdict = PartlyMet(len(s.SortedNodes()) - notReady)
		row.Detail += ": " + printable.FirstFew(bad)
		row.Remedy = "look at the kubelet of the node"
	case cordoned == len(s.SortedNodes()):
		row.Verdict, row.Remedy = Degraded, "kubectl uncordon the nodes that are to take pods"
		row.Detail += ": none takes new pods"
	}
	return row
}

func cordoned(n *corev1.Node) bool { return n.Spec.Unschedulable }

// shortOf names what a ready node runs short of.
func shortOf(n *corev1.Node) string {
	for _, kind := range observed.Pressures {
		if c := observed.NodeCondition(n, kind); c.Status == corev1.ConditionTrue {
			return strings.Trim(string(kind)+": "+printable.Short(c.Message), ": ")
		}
	}
	return ""
}

// nodeKinds counts the nodes that are not as most are.
func nodeKinds(s observed.Snapshot) []string {
	var texts []string
	for _, sort := range []struct {
		name string
		is   func(*corev1.Node) bool
	}{
		{"cordoned", cordoned},
		{"tainted", func(n *corev1.Node) bool { return slices.ContainsFunc(n.Spec.Taints, ownTaint) }},
		{"Windows", func(n *corev1.Node) bool { return n.Labels[corev1.LabelOSStable] == "windows" }},
		{"virtual", observed.Virtual},
		{"simulated", observed.Simulated},
	} {
		if n := s.CountNodes(sort.is); n > 0 {
			texts = append(texts, fmt.Sprintf("%d %s", n, sort.name))
		}
	}
	return texts
}

// ownTaint reports whether a taint keeps pods away, and is none that Kubernetes sets by itself for what is told anyway.
func ownTaint(t corev1.Taint) bool {
	return observed.BlocksScheduling(&t) && !strings.HasPrefix(t.Key, "node.kubernetes.io/")
}
