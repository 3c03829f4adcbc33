// Package report is the account of a run: what was resolved, applied and found, as values. Printers for people and
// programs write it; the exit code is computed from it.
package report

import (
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/footprint"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/types"
)

// An Action is what applying did to an object.
type Action string

// The actions.
const (
	Created    Action = "created"
	Configured Action = "configured" // existed, and was changed
	Unchanged  Action = "unchanged"
	Failed     Action = "failed"
	Recreated  Action = "recreated" // deleted and created again, since a field cannot be changed
	Pruned     Action = "pruned"    // no longer wanted, and removed
	Kept       Action = "kept"      // no longer wanted, and left where it is
	Deferred   Action = "deferred"  // its kind is not defined yet: a controller is to do so, which does not run yet
)

// Actions lists the actions in the order in which they are told.
var Actions = []Action{Created, Configured, Recreated, Unchanged, Pruned, Kept, Deferred, Failed}

// A Change is one object that was applied or removed.
type Change struct {
	ID     manifest.ID `json:"object"`
	Action Action      `json:"action"`
	UID    types.UID   `json:"uid,omitempty"`
	// Effect, Pods and Undo are as they were decided: how much the change disturbs, which pods it reaches, and why applying the
	// previous bundle does not undo it (empty if it does).
	Effect changeset.Effect `json:"effect,omitempty"`
	Pods   []changeset.Pods `json:"pods,omitempty"`
	Undo   string           `json:"undo,omitempty"`
	// Deviation is what somebody else has done to the object after the changes were decided.
	Deviation changeset.Deviation `json:"deviation,omitempty"`
	// Notes say what else there is to say: which fields of others were kept or taken over, why an object was kept.
	Notes []string `json:"notes,omitempty"`
	Error string   `json:"error,omitempty"`
	// Recorded says of a kept object that it stays in the inventory.
	Recorded bool `json:"-"`
	// Cause is the error, unless it was read from JSON.
	Cause error `json:"-"`
	// Before and After are the object as it is and as it would be, in a dry run; nil where there is none.
	Before *manifest.Object `json:"-"`
	After  *manifest.Object `json:"-"`
}

// A Wave is one wave of a run.
type Wave struct {
	Name    string   `json:"name"`
	Seconds float64  `json:"seconds"` // from the first request to the gate's end
	Changes []Change `json:"changes"`
	// Without is what was not ready when the gate opened: pods on nodes that are out, or more than was to be waited for.
	Without []string `json:"without,omitempty"`
}

// An Addon is one addon of the bundle as it was rendered.
type Addon struct {
	Name    string `json:"name"`
	Version string `json:"version"`
	Objects int    `json:"objects"`
	Digest  string `json:"digest"`
}

// A Report is the account of one run.
type Report struct {
	APIVersion string                `json:"apiVersion"` // of this format
	Kind       string                `json:"kind"`
	Time       time.Time             `json:"time,omitzero"`    // when the cluster was observed for the checks
	DryRun     bool                  `json:"dryRun,omitempty"` // the waves say what would be done
	Cluster    string                `json:"cluster"`
	Kubernetes string                `json:"kubernetes"`
	Bundle     string                `json:"bundle"`
	Digest     string                `json:"digest"`
	Findings   []clusterfile.Finding `json:"findings,omitempty"`
	Warnings   []string              `json:"warnings,omitempty"`
	Addons     []Addon               `json:"addons"`
	Waves      []Wave                `json:"waves,omitempty"`
	// ChangeSet is what was decided, in a dry run and where the run was refused.
	ChangeSet *changeset.Document `json:"changeSet,omitempty"`
	Checks    []check.Row         `json:"checks,omitempty"`
	Skipped   []string            `json:"skipped,omitempty"` // checks that were not to be made: addon/check
	Verdict   check.Verdict       `json:"verdict"`
	Error     string              `json:"error,omitempty"`  // what ended the run before its end
	Paused    string              `json:"paused,omitempty"` // why the run has stopped for a person, and how it goes on
	// Set is what was decided; nil if the run did not come as far.
	Set *changeset.Set `json:"-"`
	// Footprint is what the addons request of the cluster's nodes; fitout footprint prints it as JSON.
	Footprint *footprint.Footprint `json:"-"`
}

// Version and Kind of the report's JSON form.
const (
	Version = "fitout.dev/v1alpha2"
	Kind    = "Report"
)

// Exit codes of the command.
const (
	ExitGood     = 0 // fitted out
	ExitFailed   = 1
	ExitUsage    = 2 // usage or invalid input; nothing was touched
	ExitPending  = 3 // no nodes yet, or paused after the canary nodes of an upgrade
	ExitDegraded = 4
	ExitRefused  = 5 // by plan or policy
)

// ExitCode is the exit code that the verdict stands for.
func (r *Report) ExitCode() int {
	switch r.Verdict {
	case check.Good:
		return ExitGood
	case check.Pending:
		return ExitPending
	case check.Degraded:
		return ExitDegraded
	}
	return ExitFailed
}

// Counts returns how many objects had each action.
func (r *Report) Counts() map[Action]int {
	counts := map[Action]int{}
	for _, w := range r.Waves {
		for _, c := range w.Changes {
			counts[c.Action]++
		}
	}
	return counts
}

// Deviations counts the objects to which somebody else did something after the changes were decided.
func (r *Report) Deviations() (n int) {
	for _, w := range r.Waves {
		for _, c := range w.Changes {
			if c.Deviation != changeset.AsDecided {
				n++
			}
		}
	}
	return n
}

// Incomplete reports whether a gate opened before everything was ready.
func (r *Report) Incomplete() bool {
	return slices.ContainsFunc(r.Waves, func(w Wave) bool { return len(w.Without) > 0 })
}

// total counts the changes.
func (r *Report) total() (n int) {
	for _, w := range r.Waves {
		n += len(w.Changes)
	}
	return n
}
