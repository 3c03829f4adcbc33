package check

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
)

// gated are the kinds that are not ready as soon as they exist, and how the live object of each is judged.
var gated = map[string]func(s observed.Snapshot, rendered, live *manifest.Object) (v Verdict, detail, remedy string){
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
func Gate(objects []*manifest.Object, s observed.Snapshot) []Row {
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

// withSubject says which object a row is about, and whether that is there at all.
func withSubject(s observed.Snapshot, row Row, o *manifest.Object) Row {
	row.About = manifest.IDOf(o)
	if s.Live(o) == nil {
		row.Lacks = row.About
	}
	return row
}

// readiness judges one rendered object by its live state. Kinds that are ready as soon as they exist give no detail.
func readiness(s observed.Snapshot, o *manifest.Object) (v Verdict, detail, remedy string) {
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
