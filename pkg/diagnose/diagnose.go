// Package diagnose finds the first cause of a check or probe that is unmet: the pod, container or node where it began, what was
// logged there, what it likely means, and the remedy.
package diagnose

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
)

// Rows gives the rows that are unmet their digests, by what Kubernetes says, and by the addons' own diagnoses.
func Rows(s observed.Snapshot, rows []check.Row, own ...AddonDiagnosis) []check.Row {
	rules := rulesWith(own)
	s = s.Indexed()
	rows = slices.Clone(rows)
	for i, row := range rows {
		if row.Verdict != check.Failed && row.Verdict != check.Degraded {
			continue
		}
		if p, ok := findSubject(s, row); ok {
			f, _ := p.firstMatch(rules.unready)
			rows[i].Digest = p.digest(f)
		} else if row.Trail != nil {
			rows[i].Digest = digestOfHealthy(s, row, rows, rules.ready)
		}
	}
	return rows
}

// EvidenceFor returns what is to be asked to explain the rows that are unmet.
func EvidenceFor(s observed.Snapshot, rows []check.Row) observed.EvidenceRequest {
	s = s.Indexed()
	var q request
	for _, row := range check.Unmet(rows) {
		p, ok := findSubject(s, row)
		switch {
		case ok:
			q.about(p)
		case row.Trail != nil:
			for _, p := range readySuspects(s, row) {
				q.log(p)
			}
		}
	}
	slices.Sort(q.Events)
	q.Events = slices.Compact(q.Events)
	return q.EvidenceRequest
}

// findSubject finds what a row is explained by: the first of its suspects that is not healthy, or what the row is about. Rows
// that say all there is to say have none, and so have those whose suspects are all healthy.
func findSubject(s observed.Snapshot, row check.Row) (subject, bool) {
	if row.Trail != nil {
		return firstUnhealthy(s, row)
	}
	p := subject{s: s, row: row}
	switch {
	case row.About.Kind == "Node":
		p.node = s.Node(row.About.Name)
		return p, p.node != nil
	case s.Objects[row.About] != nil:
		return subjectOf(s, s.Objects[row.About], "").forRow(row), true
	case row.About.Kind == "Pod":
		if p.pod = s.Pod(row.About.Namespace, row.About.Name); p.pod != nil {
			return p.withContainer().forRow(row), true
		}
	}
	p.absent = row.Lacks
	return p, row.Lacks.Kind != ""
}
