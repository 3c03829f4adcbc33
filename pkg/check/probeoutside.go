package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// outside are the probes that need no pod: the API server knows the answer.
var outside = map[string]func(s Survey, t trial) finding{
	"node-metrics":    Survey.nodeMetrics,
	"node-conditions": Survey.nodeConditions,
	"storage-driver":  Survey.storageDriver,
	StorageClaim:      Survey.storageClaim,
}

const (
	freshMetrics = time.Minute
	// staleCondition is three times the longest time after which node-problem-detector reports again (5 minutes).
	staleCondition = 15 * time.Minute
)

// A finding is what a probe without pods found.
type finding struct {
	verdict        Verdict
	remedy, detail string
	nodes          []NodeResult
}

// idle is the verdict where an addon has no node to work on.
func (s Survey) idle(nodes []*corev1.Node) stop {
	switch {
	case len(nodes) > 0:
		return stop{}
	case len(s.Snapshot.indexed().nodes) == 0:
		return stop{Pending, "waits for nodes"}
	case s.allSimulated():
		return stop{NotJudged, "all nodes are simulated (" + simulatedAnnotation + "), where nothing runs"}
	case s.onlyControlPlane():
		return stop{Pending, "waits for worker nodes"}
	}
	return stop{NotJudged, "no node that it belongs on is ready"}
}

// onNodes judges something that each of the nodes must have; fault returns what is wrong on one.
func (s Survey) onNodes(t trial, nodes []*corev1.Node, good string, fault func(n *corev1.Node) string) finding {
	if idle := s.idle(nodes); idle.verdict != "" {
		return finding{verdict: idle.verdict, detail: idle.detail}
	}
	var faults []string
	var each []NodeResult
	for _, n := range nodes {
		result := NodeResult{Node: n.Name, Verdict: Good, Detail: good}
		if why := fault(n); why != "" {
			result = NodeResult{Node: n.Name, Verdict: Failed, Detail: why}
			faults = append(faults, n.Name+" "+why)
		}
		each = append(each, result)
	}
	text := fmt.Sprintf("%d of %d nodes %s", len(nodes)-len(faults), len(nodes), good)
	if len(faults) > 0 {
		return finding{partly(len(nodes) - len(faults)), t.Usually, text + "; " + some(faults), each}
	}
	return finding{Good, "", text, each}
}

// nodeMetrics compares times of the cluster's own clocks, where metrics-server tells when it answered.
func (s Survey) nodeMetrics(t trial) finding {
	nodes, _ := s.stage()
	switch {
	case s.MetricsError == "" || len(nodes) == 0:
	case s.onlyControlPlane():
		return finding{verdict: Pending, detail: "waits for worker nodes"}
	default:
		return finding{verdict: Failed, remedy: t.Usually, detail: "the API answers no metrics: " + line(s.MetricsError)}
	}
	metrics := byName(s.NodeMetrics)
	return s.onNodes(t, nodes, "have metrics younger than a minute", func(n *corev1.Node) string {
		of := metrics[n.Name]
		if of == nil {
			return "has none"
		}
		text, _, _ := unstructured.NestedString(of.Object, "timestamp")
		taken, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return fmt.Sprintf("has metrics without a time (%q)", text)
		}
		now := of.GetCreationTimestamp().Time
		if now.IsZero() {
			now = s.Now
		}
		if age := now.Sub(taken); age > freshMetrics {
			return fmt.Sprintf("has metrics that are %s old", age.Round(time.Second))
		}
		return ""
	})
}

func (s Survey) nodeConditions(t trial) finding {
	return s.onNodes(t, t.nodes(s), fmt.Sprintf("have no problem of %v", t.Conditions), func(n *corev1.Node) string {
		for _, kind := range t.Conditions {
			i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return string(c.Type) == kind })
			if i < 0 {
				return "has no condition " + kind
			}
			c := n.Status.Conditions[i]
			if c.Status != corev1.ConditionFalse {
				return fmt.Sprintf("has %s %s (%s: %s)", kind, c.Status, c.Reason, line(c.Message))
			}
			if age := s.Now.Sub(c.LastHeartbeatTime.Time); age > staleCondition {
				return fmt.Sprintf("has %s as it was %s ago", kind, age.Round(time.Minute))
			}
		}
		return ""
	})
}

func (s Survey) storageDriver(t trial) finding {
	driver := manifest.ID{Group: "storage.k8s.io", Kind: "CSIDriver", Name: t.Driver}
	if s.Objects[driver] == nil {
		return finding{verdict: Failed, remedy: "run fitout apply", detail: driver.String() + " is missing"}
	}
	known := byName(s.CSINodes)
	return s.onNodes(t, t.nodes(s), "know the driver "+t.Driver, func(n *corev1.Node) string {
		if o := known[n.Name]; o != nil {
			drivers, _, _ := unstructured.NestedSlice(o.Object, "spec", "drivers")
			if slices.ContainsFunc(drivers, func(d any) bool { return nameOf(d) == t.Driver }) {
				return ""
			}
		}
		return "does not"
	})
}

// byName finds objects of one kind by their names.
func byName(list []*manifest.Object) map[string]*manifest.Object {
	named := make(map[string]*manifest.Object, len(list))
	for _, o := range list {
		named[o.GetName()] = o
	}
	return named
}

// nameOf returns the name of an entry of a list.
func nameOf(entry any) string {
	fields, _ := entry.(map[string]any)
	return text(fields["name"])
}
