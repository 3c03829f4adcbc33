package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
)

// OnlyOut reports whether all that is unmet is missing on nodes that are out, so that waiting brings none of it. rows are what
// was judged of the objects, out the nodes by name.
func OnlyOut(rows []Row, objects []*manifest.Object, s observed.Snapshot, out map[string]string) bool {
	if len(out) == 0 {
		return false
	}
	for _, r := range Unmet(rows) {
		if r.Check != Nodes && r.Check != Ready && r.Check != HostPorts {
			return false
		}
	}
	for i := range s.Nodes {
		n := &s.Nodes[i]
		if ready, _ := observed.NodeReady(n); !ready && !observed.Virtual(n) && out[n.Name] == "" {
			return false
		}
	}
	gates := Tolerate(Gate(objects, s), s, Tolerance{Out: out})
	return !slices.ContainsFunc(Unmet(gates), func(r Row) bool { return !r.Tolerated })
}
