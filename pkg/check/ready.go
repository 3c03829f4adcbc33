package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// gated are the kinds that are not ready as soon as they exist, and how the live object of each is judged.
var gated = map[string]func(s Snapshot, rendered, live *manifest.Object) (v Verdict, detail, remedy string){
	"DaemonSet":                judgeDaemonSet,
	"Deployment":               judgeReplicated,
	"StatefulSet":              judgeReplicated,
	"ReplicaSet":               judgeReplicated,
	"Job":                      judgeJob,
	"Pod":                      judgePod,
	"APIService":               judgeAPIService,
	"CustomResourceDefinition": judgeByStatus,
	"Namespace":                judgeByStatus,
}

// Gated reports whether any of the objects is of a kind that is not ready as soon as it exists.
func Gated(objects []*manifest.Object) bool {
	return slices.ContainsFunc(objects, func(o *manifest.Object) bool { return gated[o.GetKind()] != nil })
}

// Gate judges whether objects are ready for what is applied after them: CRDs established, workloads ready, API services
// available. It returns a row for each object that it has something to say of.
func Gate(objects []*manifest.Object, s Snapshot) []Row {
	s = s.Indexed()
	var rows []Row
	for _, o := range objects {
		v, detail, remedy := readiness(s, o)
		if detail != "" || v != Good {
			row := Row{Check: Ready, Verdict: v, Detail: strings.TrimSpace(manifest.IDOf(o).String() + " " + detail), Remedy: remedy}
			rows = append(rows, withSubject(s, row, o))
		}
	}
	return rows
}

// ready judges the addon's workloads and definitions together. The worst of them comes first, with its remedy.
func (j judge) ready() []Row {
	var good []string
	var bad []Row
	for _, o := range j.addon.Objects {
		if gated[o.GetKind()] == nil || o.GetKind() == "APIService" {
			continue // the check api is about APIServices
		}
		v, detail, remedy := readiness(j.snapshot, o)
		row := j.row(Ready, v, remedy, "%s %s %s", o.GetKind(), o.GetName(), detail)
		row = withSubject(j.snapshot, row, o)
		switch {
		case v != Good:
			bad = append(bad, row)
		case detail != "":
			good = append(good, row.Detail)
		}
	}
	if len(bad) > 0 {
		slices.SortStableFunc(bad, func(a, b Row) int { return slices.Index(order, b.Verdict) - slices.Index(order, a.Verdict) })
		var details []string
		for _, row := range bad {
			details = append(details, row.Detail)
		}
		bad[0].Detail = FirstFew(details)
		return bad[:1]
	}
	if len(good) > 0 {
		return []Row{j.row(Ready, Good, "", "%s", FirstFew(good))}
	}
	return nil
}

// api judges the addon's APIServices.
func (j judge) api() []Row {
	var rows []Row
	for _, o := range j.addon.Objects {
		if o.GetKind() == "APIService" {
			v, detail, remedy := readiness(j.snapshot, o)
			row := j.row(API, v, remedy, "%s %s", o.GetName(), detail)
			rows = append(rows, withSubject(j.snapshot, row, o))
		}
	}
	return rows
}

// withSubject says which object a row is about, and whether that is there at all.
func withSubject(s Snapshot, row Row, o *manifest.Object) Row {
	row.About = manifest.IDOf(o)
	if s.Live(o) == nil {
		row.Lacks = row.About
	}
	return row
}

// readiness judges one rendered object by its live state. Kinds that are ready as soon as they exist give no detail.
func readiness(s Snapshot, o *manifest.Object) (v Verdict, detail, remedy string) {
	live, judge := s.Live(o), gated[o.GetKind()]
	switch {
	case live == nil:
		return Failed, "is missing", "run fitout apply"
	case live.GetDeletionTimestamp() != nil:
		return Failed, "is being deleted", "wait until it is gone, then run fitout apply"
	case judge == nil:
		return Good, "", ""
	}
	return judge(s, o, live)
}

// judgeByStatus judges an object by kstatus alone.
func judgeByStatus(s Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	result, err := status.Compute(live)
	switch {
	case err != nil:
		return unreadable(live, err)
	case result.Status == status.CurrentStatus:
		return Good, "", ""
	case result.Status == status.FailedStatus:
		return Failed, "has failed: " + Short(result.Message), DescribeCommand(live)
	}
	return Failed, "is not ready yet: " + Short(result.Message), DescribeCommand(live)
}

func unreadable(live *manifest.Object, err error) (Verdict, string, string) {
	return Failed, "cannot be read: " + Short(err.Error()), DescribeCommand(live)
}

// DescribeCommand is the command that shows an object with its conditions and events.
func DescribeCommand(o *manifest.Object) string {
	command := "kubectl describe "
	if o.GetNamespace() != "" {
		command += "-n " + o.GetNamespace() + " "
	}
	return command + strings.ToLower(o.GetKind()) + " " + o.GetName()
}

// judgeAPIService judges whether the API server reaches an aggregated API. Pods of simulated nodes do not run, so that
// nothing can answer there.
func judgeAPIService(s Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	available := Condition(live, "Available")
	switch {
	case available["status"] == "True":
		return Good, "is available", ""
	case s.AllSimulated():
		return NotJudged, "cannot answer: its pods are on simulated nodes (" + SimulatedAnnotation + "), where nothing runs", ""
	case s.OnlyControlPlane():
		return Pending, "waits for worker nodes", ""
	case available == nil:
		return Failed, "is not judged by the API server yet", "check that the API server aggregates APIs"
	}
	detail := fmt.Sprintf("is not available: %s: %s", String(available["reason"]), Short(String(available["message"])))
	switch available["reason"] {
	case "ServiceNotFound", "EndpointsNotFound", "MissingEndpoints": // kube-aggregator, pkg/controllers/status
		return Failed, detail, "make the pods behind its Service ready"
	}
	return Failed, detail, "check that the API server reaches pod and Service addresses on the port of the Service"
}

// Condition returns a condition of an object, or nil.
func Condition(o *manifest.Object, kind string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, _ := c.(map[string]any); condition["type"] == kind {
			return condition
		}
	}
	return nil
}

func String(v any) string {
	s, _ := v.(string)
	return s
}
