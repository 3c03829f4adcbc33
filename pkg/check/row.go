package check

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// A Row is one check of one addon, or of the cluster where Addon is empty.
type Row struct {
	Addon   string  `json:"addon,omitempty"`
	Check   string  `json:"check"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	Remedy  string  `json:"remedy,omitempty"`
	// Digest says more of a row that is unmet: what came first, and what it comes from. Explain adds it.
	Digest *Digest `json:"digest,omitempty"`
	// About is the object that the row is unmet because of, where one can be looked at more closely.
	About manifest.ID `json:"-"`
	// Lacks is an object that the row is unmet for want of.
	Lacks manifest.ID `json:"-"`
	// Absent says that no object of the addon is in the cluster.
	Absent bool `json:"-"`
	// Tolerated says that a gate opens although the row is unmet.
	Tolerated bool `json:"-"`
	// Trail leads from an unmet probe to what it may be unmet because of.
	Trail *Trail `json:"-"`
	// Nodes is what a probe found on each node, in the order of the nodes; it is empty where nothing was asked of any.
	Nodes []NodeResult `json:"nodes,omitempty"`
}

// A NodeResult is the part of a row that is of one node: what was asked from there, or of what is there.
type NodeResult struct {
	Node    string  `json:"node"`
	Verdict Verdict `json:"verdict"`
	Detail  string  `json:"detail"`
	// Says is what the agent of the node says of itself, in lines as its users know them; it is empty for other probes.
	Says string `json:"says,omitempty"`
}

// Names of the checks.
const (
	Nodes        = "nodes"         // the cluster has nodes, and they are ready
	Present      = "present"       // every object is there, and none is being deleted
	Accounts     = "accounts"      // the ServiceAccount of every workload is there
	Unchanged    = "unchanged"     // every object that is there is as rendered
	Ready        = "ready"         // every workload is ready, DaemonSets on every node they should be on
	Restarts     = "restarts"      // no container was restarted since a given time
	Definitions  = "definitions"   // what the addon's controllers are to define is defined
	API          = "api"           // the API server reaches what the addon serves
	HostPorts    = "host-ports"    // a ready pod declares the host ports on every node
	StorageClass = "storage-class" // exactly one default StorageClass, the addon's
)

// Overall returns the worst verdict of the rows; skipped and unknown ones count as good.
func Overall(rows []Row) Verdict {
	worst := Good
	for _, r := range rows {
		worst = Worse(worst, r.Verdict)
	}
	if worst == Skipped || worst == Unknown {
		return Good
	}
	return worst
}

// MaySettle reports whether all that is unmet may come right without anybody applying anything. What has happened does not
// count.
func MaySettle(rows []Row) bool {
	unmet := slices.DeleteFunc(Unmet(rows), func(r Row) bool { return r.Check == Restarts })
	for _, r := range unmet {
		if r.Check == Present || r.Check == Accounts || r.Check == Unchanged || r.Check == StorageClass {
			return false
		}
	}
	return len(unmet) > 0
}

// Unmet returns the rows that are failed or degraded.
func Unmet(rows []Row) []Row {
	var out []Row
	for _, r := range rows {
		if r.Verdict == Failed || r.Verdict == Degraded {
			out = append(out, r)
		}
	}
	return out
}

// Subject is what a row is about: an addon, or the cluster.
func (r Row) Subject() string {
	if r.Addon == "" {
		return "cluster"
	}
	return r.Addon
}

// Name names a row among those of a run: coredns/dns-service.
func (r Row) Name() string { return r.Subject() + "/" + r.Check }
