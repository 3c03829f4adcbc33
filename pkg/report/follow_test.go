package report_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// round is the report of the n-th check of a watch.
func round(n int, failure string, rows ...check.Row) *report.Report {
	r := empty(check.Overall(rows))
	r.Time = time.Date(2026, 11, 5, 12, 0, 10*n, 0, time.UTC)
	r.Checks = rows
	if failure != "" {
		r.Error, r.Verdict = failure, check.Failed
	}
	return r
}

func row(addon, name string, v check.Verdict, detail string) check.Row {
	return check.Row{Addon: addon, Check: name, Verdict: v, Detail: detail, Remedy: "mend it"}
}

// The table once, then what changes and when. A check that fails as a whole is told once, and its rows are not gone.
func TestFollower(t *testing.T) {
	var out bytes.Buffer
	f := report.Follower{W: &out}
	well := []check.Row{row("net", "ready", check.Good, "2/2"), row("net", "api", check.Good, "a"), row("net", "api", check.Good, "b")}
	told := func(r *report.Report) string {
		t.Helper()
		out.Reset()
		if err := f.Tell(r); err != nil {
			t.Fatal(err)
		}
		return out.String()
	}
	if text := told(round(0, "refused")); text != "2026-11-05T12:00:00Z cluster/run: new -> failed: refused\n" {
		t.Errorf("first, what failed: %q", text)
	}
	if text := told(round(1, "", well...)); !strings.HasPrefix(text, "ADDON ") || !strings.HasSuffix(text, "good: checks: 3 good\n") {
		t.Errorf("no table:\n%s", text)
	}
	ill := []check.Row{row("net", "ready", check.Degraded, "1/2\nlost"), well[1], row("net", "api", check.Failed, "b is down"), row("", "nodes", check.Good, "2")}
	for _, step := range []struct {
		report *report.Report
		want   string
	}{
		{round(2, "", row("net", "ready", check.Good, "2/2, slower"), well[1], well[2]), ""},
		{round(3, "", ill...), "2026-11-05T12:00:30Z net/ready: good -> degraded: 1/2\\nlost; mend it\n2026-11-05T12:00:30Z net/api: good -> failed: b is down; mend it\n2026-11-05T12:00:30Z cluster/nodes: new -> good: 2\n"},
		{round(4, "hung"), "2026-11-05T12:00:40Z cluster/run: failed -> failed: hung\n"},
		{round(5, "hung again"), ""},
		{round(6, "", well...), "2026-11-05T12:01:00Z cluster/run: failed -> good: can be checked again\n2026-11-05T12:01:00Z net/ready: degraded -> good: 2/2\n2026-11-05T12:01:00Z net/api: failed -> good: b\n2026-11-05T12:01:00Z cluster/nodes: good -> gone: 2\n"},
		{round(7, "", well...), ""},
	} {
		if diff := cmp.Diff(step.want, told(step.report)); diff != "" {
			t.Errorf("at %s: %s", step.report.Time, diff)
		}
	}
	full := errors.New("disk full")
	f.W = &disk{0, full}
	if err := f.Tell(round(8, "", ill...)); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
}

// Each report of a watch is one line, whatever it holds.
func TestLine(t *testing.T) {
	text := printed(t, report.Line, checked())
	if strings.Count(text, "\n") != 1 || !strings.HasSuffix(text, "}\n") || !strings.Contains(text, `"kind":"Report"`) {
		t.Errorf("%q", text)
	}
}

// What was skipped is said, and is no test that passed.
func TestSkippedIsSaid(t *testing.T) {
	r := empty(check.Good)
	r.Checks, r.Skipped = checked().Checks[1:2], []string{"cluster/nodes", "dns/ready"}
	if diff := cmp.Diff("good: checks: 1 good; 2 left out on request", r.Outcome()); diff != "" {
		t.Error(diff)
	}
	text := printed(t, report.JUnit, r)
	if !strings.Contains(text, `tests="3" failures="0" errors="0" skipped="2"`) ||
		!strings.Contains(text, `<testcase classname="fitout.dns" name="ready">`+"\n    "+`<skipped message="left out on request">`) {
		t.Error(text)
	}
}
