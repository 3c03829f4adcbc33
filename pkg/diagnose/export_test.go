package diagnose

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
)

// Causes returns the names of all diagnoses and deductions, sorted.
func Causes() []string {
	names := []string{"between-nodes", "packet-size", "service-address", "node-problem", "agent-hangs", check.Unexplained}
	for _, d := range slices.Concat(rules, readyPodRules) {
		names = append(names, d.cause)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
