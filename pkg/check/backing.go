package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
)

// Backing judges whether rendered Services have a ready pod behind them, and returns a row for each that has none. One
// without a selector has its pods from elsewhere, and is not judged.
func Backing(services []*manifest.Object, s observed.Snapshot) []Row {
	s = s.Indexed()
	var rows []Row
	for _, o := range services {
		if len(observed.ServiceSelector(o)) == 0 || slices.ContainsFunc(s.PodsBehind(o), observed.PodReady) {
			continue
		}
		rows = append(rows, Row{Check: Ready, Verdict: Failed, About: manifest.IDOf(o),
			Detail: manifest.IDOf(o).String() + " has no ready pod behind it", Remedy: "look at the selector of the Service"})
	}
	return rows
}
