package report_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

func TestExitCode(t *testing.T) {
	for verdict, want := range map[check.Verdict]int{
		check.Good:     report.ExitGood,
		check.Pending:  report.ExitPending,
		check.Degraded: report.ExitDegraded,
		check.Failed:   report.ExitFailed,
		check.Skipped:  report.ExitFailed, check.Unknown: report.ExitFailed, // no verdicts of a whole run: check.Overall never returns them
		"": report.ExitFailed,
	} {
		if got := (&report.Report{Verdict: verdict}).ExitCode(); got != want {
			t.Errorf("%q: exit code %d, not %d", verdict, got, want)
		}
	}
}

// The codes are documented for scripts: they never change.
func TestExitCodes(t *testing.T) {
	got := []int{report.ExitGood, report.ExitFailed, report.ExitUsage, report.ExitPending, report.ExitDegraded, report.ExitRefused}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 4, 5}, got); diff != "" {
		t.Error(diff)
	}
}

func TestCounts(t *testing.T) {
	if got := (&report.Report{}).Counts(); len(got) != 0 {
		t.Errorf("nothing was done, but %v", got)
	}
	want := map[report.Action]int{report.Created: 2, report.Configured: 1, report.Unchanged: 1, report.Failed: 1}
	if diff := cmp.Diff(want, applied().Counts()); diff != "" {
		t.Error(diff)
	}
}

func TestOutcome(t *testing.T) {
	unchanged := []report.Wave{{Name: "dns", Changes: []report.Change{change("dns", report.Unchanged)}}}
	for name, test := range map[string]struct {
		change func(r *report.Report)
		want   string
	}{
		"applied":            {func(r *report.Report) { *r = *applied() }, "failed: 2 created, 1 configured, 1 unchanged, 1 failed"},
		"nothing to apply":   {func(r *report.Report) { r.Waves = unchanged }, "good: 1 unchanged, nothing changed"},
		"checked":            {func(r *report.Report) { r.Checks = checked().Checks }, "good: checks: 1 good, 1 skipped, 1 pending, 1 degraded, 1 failed"},
		"applied, checked":   {func(r *report.Report) { r.Waves, r.Checks = unchanged, []check.Row{{Verdict: check.Good}} }, "good: 1 unchanged, nothing changed; checks: 1 good"},
		"ended before that":  {func(r *report.Report) { r.Verdict, r.Error = check.Failed, "observe the cluster:\nrefused" }, `failed: observe the cluster:\nrefused`},
		"ended after checks": {func(r *report.Report) { *r = *checked(); r.Error = "refused" }, "failed: checks: 1 good, 1 skipped, 1 pending, 1 degraded, 1 failed"},
		"nothing":            {func(*report.Report) {}, "good"},
	} {
		t.Run(name, func(t *testing.T) {
			r := empty(check.Good)
			test.change(r)
			if diff := cmp.Diff(test.want, r.Outcome()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func empty(v check.Verdict) *report.Report {
	return &report.Report{
		APIVersion: report.Version, Kind: report.Kind, Cluster: "demo", Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01",
		Addons: []report.Addon{{Name: "dns", Version: "1.14.2", Objects: 5, Digest: "sha256:0123456789abcdef"}, {Name: "net", Version: "0.1", Objects: 12, Digest: "sha256:ff"}}, Verdict: v,
	}
}

func change(name string, a report.Action) report.Change {
	return report.Change{ID: manifest.ID{Group: "apps", Kind: "Deployment", Namespace: "kube-system", Name: name}, Action: a}
}

// applied is the account of an apply of which one object failed.
func applied() *report.Report {
	r := empty(check.Failed)
	failed := change("door", report.Failed)
	failed.Error = "forbidden"
	r.Waves = []report.Wave{
		{Name: "network", Seconds: 1.5, Changes: []report.Change{change("a", report.Created), change("b", report.Created), change("c", report.Configured)}},
		{Name: "addons", Seconds: 0.25, Changes: []report.Change{change("d", report.Unchanged), failed}},
	}
	r.Error = "wave addons: forbidden"
	return r
}

// checked is the account of a check that found one row of each verdict.
func checked() *report.Report {
	r := empty(check.Failed)
	r.Checks = []check.Row{
		{Check: check.Nodes, Verdict: check.Pending, Detail: "no node has joined yet", Remedy: "add nodes"},
		{Addon: "net", Check: check.Present, Verdict: check.Good, Detail: "12 objects", Remedy: "none is printed"},
		{Addon: "net", Check: check.Ready, Verdict: check.Degraded, Detail: "DaemonSet net 1/2"},
		{Addon: "dns", Check: check.API, Verdict: check.Skipped, Detail: "cannot answer: <simulated> & still"},
		{Addon: "fitout", Check: check.Unchanged, Verdict: check.Failed, Detail: "line one\n\tline two\x01", Remedy: "run fitout apply"},
	}
	return r
}
