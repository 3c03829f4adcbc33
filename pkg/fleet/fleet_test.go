package fleet_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fleet"
	"github.com/fitout-dev/fitout/pkg/report"
)

// A row has the first of the worst causes, counts what is unmet and what has drifted; the account has the worst verdict.
func TestFleet(t *testing.T) {
	r := &report.Report{Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Verdict: check.Failed, Checks: []check.Row{
		{Addon: "a", Check: "ready", Verdict: check.Good}, {Addon: "a", Check: check.Unchanged, Verdict: check.Degraded, Detail: "edited"},
		{Addon: "b", Check: "ready", Verdict: check.Failed, Detail: "0/1 ready"}, {Addon: "c", Check: "ready", Verdict: check.Failed, Detail: "later"},
	}}
	rows := []fleet.Cluster{fleet.Of("z", r, nil), fleet.Of("lost", nil, errors.New("no route to host\x1b[2J")), fleet.Of("fine", &report.Report{Verdict: check.Good}, nil)}
	f := fleet.New(rows)
	if c := f.Clusters[2]; c.Name != "z" || c.Unmet != 3 || c.Drift != 1 || c.Why != "b/ready: 0/1 ready" || f.Verdict != check.Failed || f.ExitCode() != 1 {
		t.Errorf("%+v %s", c, f.Verdict)
	}
	var out bytes.Buffer
	if err := f.Table(&out); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Contains(text, "\x1b") || !strings.HasSuffix(text, "\n3 clusters, 1 good, 2 failed\n") || !strings.Contains(text, "lost      -            -        failed") {
		t.Errorf("%s", text)
	}
	for verdict, code := range map[check.Verdict]int{check.Good: 0, check.Pending: 3, check.Degraded: 4, check.Failed: 1} {
		if got := fleet.New([]fleet.Cluster{{Verdict: check.Good}, {Verdict: verdict}}).ExitCode(); got != code {
			t.Errorf("%s: exit code %d, want %d", verdict, got, code)
		}
	}
	// a finding or an account of a run that ended early, with a report as far as it came
	if c := fleet.Of("x", r, errors.New("timed out")); c.Verdict != check.Failed || c.Why != "timed out" || c.Bundle != "1.36" {
		t.Errorf("%+v", c)
	}
}
