package probes

import (
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// fromAPI are the probes that need no pod: the API server knows the answer.
var fromAPI = map[string]func(s Survey, t probePlan) apiResult{
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

// A apiResult is what a probe without pods found.
type apiResult struct {
	verdict        check.Verdict
	remedy, detail string
	nodes          []check.NodeResult
}

// idle is the verdict where an addon has no node to work on.
func (s Survey) idle(nodes []*corev1.Node) earlyVerdict {
	switch {
	case len(nodes) > 0:
		return earlyVerdict{}
	case len(s.SortedNodes()) == 0:
		return earlyVerdict{check.Pending, "waits for nodes"}
	case s.AllSimulated():
		return earlyVerdict{check.NotJudged, "all nodes are simulated (" + observed.SimulatedAnnotation + "), where nothing runs"}
	case s.OnlyControlPlane():
		return earlyVerdict{check.Pending, "waits for worker nodes"}
	}
	return earlyVerdict{check.NotJudged, "no node that it belongs on is ready"}
}

// onNodes judges something that each of the nodes must have; fault returns what is wrong on one.
func (s Survey) onNodes(t probePlan, nodes []*corev1.Node, good string, fault func(n *corev1.Node) string) apiResult {
	if idle := s.idle(nodes); idle.verdict != "" {
		return apiResult{verdict: idle.verdict, detail: idle.detail}
	}
	var faults []string
	var each []check.NodeResult
	for _, n := range nodes {
		result := check.NodeResult{Node: n.Name, Verdict: check.Good, Detail: good}
		if why := fault(n); why != "" {
			result = check.NodeResult{Node: n.Name, Verdict: check.Failed, Detail: why}
			faults = append(faults, n.Name+" "+why)
		}
		each = append(each, result)
	}
	text := fmt.Sprintf("%d of %d nodes %s", len(nodes)-len(faults), len(nodes), good)
	if len(faults) > 0 {
		return apiResult{check.PartlyMet(len(nodes) - len(faults)), t.Usually, text + "; " + printable.FirstFew(faults), each}
	}
	return apiResult{check.Good, "", text, each}
}

// nodeMetrics compares times of the cluster's own clocks, where metrics-server tells when it answered.
func (s Survey) nodeMetrics(t probePlan) apiResult {
	nodes, _ := s.probeNodes()
	switch {
	case s.MetricsError == "" || len(nodes) == 0:
	case s.OnlyControlPlane():
		return apiResult{verdict: check.Pending, detail: "waits for worker nodes"}
	default:
		return apiResult{verdict: check.Failed, remedy: t.Usually, detail: "the API answers no metrics: " + printable.Short(s.MetricsError)}
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

func (s Survey) nodeConditions(t probePlan) apiResult {
	return s.onNodes(t, t.nodes(s), fmt.Sprintf("have no problem of %v", t.Conditions), func(n *corev1.Node) string {
		for _, kind := range t.Conditions {
			i := slices.IndexFunc(n.Status.Conditions, func(c corev1.NodeCondition) bool { return string(c.Type) == kind })
			if i < 0 {
				return "has no condition " + kind
			}
			c := n.Status.Conditions[i]
			if c.Status != corev1.ConditionFalse {
				return fmt.Sprintf("has %s %s (%s: %s)", kind, c.Status, c.Reason, printable.Short(c.Message))
			}
			if age := s.Now.Sub(c.LastHeartbeatTime.Time); age > staleCondition {
				return fmt.Sprintf("has %s as it was %s ago", kind, age.Round(time.Minute))
			}
		}
		return ""
	})
}

func (s Survey) storageDriver(t probePlan) apiResult {
	driver := manifest.ID{Group: "storage.k8s.io", Kind: "CSIDriver", Name: t.Driver}
	if s.Objects[driver] == nil {
		return apiResult{verdict: check.Failed, remedy: "run fitout apply", detail: driver.String() + " is missing"}
	}
	known := byName(s.CSINodes)
	return s.onNodes(t, t.nodes(s), "know the driver "+t.Driver, func(n *corev1.Node) string {
		if o := known[n.Name]; o != nil {
			drivers, _, _ := unstructured.NestedSlice(o.Object, "spec", "drivers")
			if slices.ContainsFunc(drivers, func(d any) bool { return observed.NameOf(d) == t.Driver }) {
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
