package diagnose

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
)

// Causes returns the names of all diagnoses and deductions, sorted.
func Causes(own []AddonDiagnosis) []string {
	names := []string{"between-nodes", "packet-size", "service-address", "node-problem", "agent-hangs", check.Unexplained}
	all := rulesWith(own)
	for _, d := range slices.Concat(all.unready, all.ready) {
		names = append(names, d.cause)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// TableYAML and Functions are the embedded table, and what it may name.
var (
	TableYAML = tableYAML
	Functions = functions
)

// ReadTable returns what is wrong with a table.
func ReadTable(file string, text []byte) error {
	_, err := readTable(file, text)
	return err
}
