package fitout

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
)

// Timing is how long a run waits.
type Timing struct {
	Timeout time.Duration // for the whole run
	Poll    time.Duration // between two observations
	Settle  time.Duration // for what is still unmet after the last wave
	Observe time.Duration // for one look of a check, so that a hung API server costs this and not the run; 0 for no bound
}

// DefaultTiming is what the command takes.
var DefaultTiming = Timing{Timeout: 10 * time.Minute, Poll: time.Second, Settle: time.Minute, Observe: 30 * time.Second}

// ApplyOptions say how a plan is applied.
type ApplyOptions struct {
	Timing
	Version        string            // of Fitout, for the record
	LockTimeout    time.Duration     // how long to wait for another run
	Policies       changeset.Options // what may be done to objects of others; conflicts override those of the cluster file
	IgnoreExisting []string          // roles of addons that are installed although somebody else has them in the cluster; all for every role
	MinReady       check.Share       // of the nodes of a DaemonSet, and of the replicas of other workloads, that must be ready for a gate to open
	DryRun         bool              // say what would be done, and do nothing
	SkipPreflight  bool              // do not let the API server judge the changes before the first one is made
}

// CheckOptions say how a cluster is checked.
type CheckOptions struct {
	Timing
	Conflicts changeset.Policies // what is left to others and so is good; they override those of the cluster file
	Select    Selection          // of checks
	Since     time.Duration      // how far back a check looks for restarts of containers; 0 for not at all
}

// UpOptions say how a plan is applied, checked and probed.
type UpOptions struct {
	ApplyOptions
	Select Selection     // of checks
	Probe  *ProbeOptions // nil to leave probes out
	Prober Prober        // of the same cluster; nil without probes
}

// UninstallOptions say how everything that Fitout has put into a cluster is removed.
type UninstallOptions struct {
	Timeout     time.Duration   // for all of it
	LockTimeout time.Duration   // how long to wait for another run
	Prune       changeset.Names // namespaces and definitions that go with all that others have in them, and volumes
	DryRun      bool            // say what would be removed, and do nothing
}
