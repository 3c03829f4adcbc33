package probes

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
)

// trail is what leads from a row of a probe to its cause; nil where it is met.
func (t Plans) trail(of probePlan, row check.Row, c tally) *check.Trail {
	if len(check.Unmet([]check.Row{row})) == 0 {
		return nil
	}
	failed := c.failed
	seen := c.failures
	for _, n := range row.Nodes {
		if len(of.queries) == 0 && n.Verdict == check.Failed { // the API server was asked, and no pod
			failed, seen = append(failed, check.FailedPath{To: check.NewDestination(n.Node)}), append(seen, n.Node+" "+n.Detail)
		}
	}
	trail := &check.Trail{Seen: append(seen, row.Detail)[0], Failed: failed}
	if of.kind == nil {
		return trail
	}
	trail.PodsProbe, trail.ServiceProbe = of.kind.PodsProbe, of.kind.ServiceProbe
	for _, suspects := range of.kind.RestsOn {
		for _, s := range suspects(t, of, failed) {
			if !slices.ContainsFunc(trail.Suspects, func(o check.Suspect) bool { return o.Object == s.Object && o.Node == s.Node }) {
				trail.Suspects = append(trail.Suspects, s)
			}
		}
	}
	return trail
}
