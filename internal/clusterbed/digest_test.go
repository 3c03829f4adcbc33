//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

// A damage is something that is broken on purpose, and what the digest of the check is to say of it.
type damage struct {
	name   string
	breaks func(w *wreck)
	addon  string // whose row it is; empty for the nodes
	check  string
	cause  string
	says   []string // parts of the explanation
	ends   bool     // what waits ends early, since time mends nothing
	waits  bool     // what waits tells the cause early, and goes on
	rows   []string // others that come from the same: addon/check
}

// TestDigest breaks a real cluster in all these ways, one after the other, and wants each to be named rightly. It needs
// what TestEndToEnd needs, and runs when FITOUT_FAULTS names the Kubernetes minor: `make faults`.
func TestDigest(t *testing.T) {
	minor := os.Getenv("FITOUT_FAULTS")
	if minor == "" {
		t.Skip("FITOUT_FAULTS is not set: make faults sets it")
	}
	if err := clusterbed.Supported("flannel"); err != nil {
		t.Fatal(err)
	}
	f := startBed(t, minor, "flannel")
	f.run(t, "up")
	t.Run("during", f.during)
	t.Run("policies", f.policiesIgnored)
	t.Run("during, without pods", f.duringOutside)
	t.Run("probes", f.probesExplained)
	t.Run("faults", f.slowFaults)
	for _, d := range damages {
		t.Run(d.name, func(t *testing.T) { f.named(t, d) })
	}
}

// named breaks something, wants the check to name it, mends it, and wants the cluster back.
func (f *fixture) named(t *testing.T, d damage) {
	w := &wreck{T: t, f: f}
	defer f.good(t)
	defer f.finish(t, d)
	defer w.mend()
	began := time.Now()
	d.breaks(w)
	if t.Failed() {
		return
	}
	var row digestedRow
	var before []string // what was said instead, for whoever wonders why it took long
	eventually(t, time.Minute, func(ctx context.Context) string {
		if answer := f.digested(ctx, d); ctx.Err() == nil {
			row = answer
		}
		missed := d.missed(row)
		if missed != "" && !slices.Contains(before, missed) {
			before = append(before, missed)
			t.Logf("after %.1f s: %s", time.Since(began).Seconds(), missed)
		}
		return missed
	})
	t.Logf("named after %.1f s: %s: %s", time.Since(began).Seconds(), row.Digest.Cause, row.Digest.Explanation)
	for _, other := range d.rows {
		f.alsoNamed(t, d, other)
	}
	if d.ends {
		f.endsEarly(t, d)
	}
	if d.waits {
		f.toldEarly(t, d)
	}
}

// alsoNamed wants another row to come from the same.
func (f *fixture) alsoNamed(t *testing.T, d damage, row string) {
	d.addon, d.check, _ = strings.Cut(row, "/")
	eventually(t, time.Minute, func(ctx context.Context) string {
		return d.missed(f.digested(ctx, d))
	})
}

// missed is what a row does not say of the damage.
func (d damage) missed(row digestedRow) string {
	if row.Digest == nil {
		return "there is no digest: " + row.Verdict + ": " + row.Detail
	}
	if row.Digest.Cause != d.cause {
		return fmt.Sprintf("the cause is %q, not %q: %+v", row.Digest.Cause, d.cause, *row.Digest)
	}
	for _, part := range d.says {
		if !strings.Contains(row.Digest.Explanation, part) {
			return fmt.Sprintf("the digest does not say %q: %s", part, row.Digest.Explanation)
		}
	}
	return ""
}

// A digestedRow is the part of a row that these tests look at.
type digestedRow struct {
	Addon, Check, Verdict, Detail string
	Digest                        *struct {
		Cause, Explanation, Remedy string
		Object, Part               string
		Terminal                   bool
		Pod, Container, Node       string
		State                      string
		Conditions, Log, Missing   []string
		Events                     []struct{ Reason, Message string }
	}
}

// cause is that of the digest; empty where there is none.
func (r digestedRow) cause() string {
	if r.Digest == nil {
		return ""
	}
	return r.Digest.Cause
}

// digested returns the row of a damage, with its digest.
func (f *fixture) digested(ctx context.Context, d damage) digestedRow {
	out, _ := f.command(ctx, "check", "--probe=never", "-o", "json").Output() // its exit code is in the rows
	var r struct{ Checks []digestedRow }
	if err := json.Unmarshal(out, &r); err != nil {
		return digestedRow{Detail: err.Error() + ": " + string(out)}
	}
	for _, row := range r.Checks {
		if row.Addon == d.addon && row.Check == d.check {
			return row
		}
	}
	return digestedRow{Detail: "there is no such row: " + string(out)}
}

// finish brings to its end what an apply that ended early has begun.
func (f *fixture) finish(t *testing.T, d damage) {
	if d.ends || d.waits {
		eventually(t, 2*time.Minute, func(ctx context.Context) string {
			if out, err := f.command(ctx, "apply", "--conflicts", "take-over").CombinedOutput(); err != nil {
				return err.Error() + "\n" + string(out)
			}
			return ""
		})
	}
}

// good waits until nothing is unmet.
func (f *fixture) good(t *testing.T) {
	eventually(t, 3*time.Minute, func(ctx context.Context) string {
		if out, err := f.command(ctx, "check", "--probe=never").CombinedOutput(); err != nil {
			return err.Error() + "\n" + string(out)
		}
		return ""
	})
}
