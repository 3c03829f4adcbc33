package check

import (
	"slices"
)

// A Verdict is the outcome of one check.
type Verdict string

// The verdicts, best first. An unmet check is Failed or Degraded with a reason, never a warning.
const (
	Good     Verdict = "good"
	Skipped  Verdict = "skipped"  // left out on purpose: the user wants it so, or it does not apply here; the detail says which
	Unknown  Verdict = "unknown"  // could not be asked, or the answer says nothing; the detail says why
	Pending  Verdict = "pending"  // cannot be met before a node joins
	Degraded Verdict = "degraded" // met in part: on some nodes, or changed by somebody
	Failed   Verdict = "failed"
)

var order = []Verdict{Good, Skipped, Unknown, Pending, Degraded, Failed}

// Worse returns the worse of two verdicts.
func Worse(a, b Verdict) Verdict {
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// PartlyMet is the verdict on something that is unmet in places: Degraded if it is met anywhere, else Failed.
func PartlyMet(ready int) Verdict {
	if ready > 0 {
		return Degraded
	}
	return Failed
}
