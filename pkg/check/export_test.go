package check

import "slices"

// Causes returns the names of all diagnoses, sorted.
func Causes() []string {
	var names []string
	for _, d := range diagnoses {
		names = append(names, d.cause)
	}
	slices.Sort(names)
	return slices.Compact(names)
}
