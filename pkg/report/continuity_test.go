package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// continued is the account of a command during which a path lost requests, one was blind for a while, and one was never seen.
func continued() *report.Continuity {
	start := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	return &report.Continuity{
		APIVersion: report.Version, Kind: report.ContinuityKind, Cluster: "demo", Kubernetes: "v1.36.4", Bundle: "1.36",
		Command: []string{"helm", "upgrade"}, Start: start, Seconds: 12.3456, Rate: 10,
		Paths: []report.PathLoss{
			{Check: "dns/dns-service", From: "node-1", To: "the cluster DNS (10.32.0.10)", Group: "UDP", Sent: 120},
			{Check: "dns/dns-service", From: "node-2", To: "the cluster DNS (10.32.0.10)", Group: "UDP", Sent: 120, Lost: 8, GapSeconds: .7001, Since: start.Add(1500 * time.Millisecond), Error: "no answer within 1s"},
			{Check: "door/ingress-ports", From: "node-1", To: "door on node-1 (198.18.0.11)", Group: "port 443", Sent: 60, BlindSeconds: 6, Unobserved: "connection reset"},
			{Check: "door/ingress-ports", From: "node-2", To: "door on node-1 (198.18.0.11)", Group: "port 443", Unobserved: "no such pod"},
		},
		NotAsked: []check.Row{{Addon: "net", Check: "service-network", Verdict: check.Unknown, Detail: "no probe pod runs"}},
	}
}

func TestContinuityTable(t *testing.T) {
	c := continued()
	c.MaxGapSeconds, c.Outside = .5, "no image"
	var out bytes.Buffer
	if err := report.ContinuityTable(&out, c); err != nil {
		t.Fatal(err)
	}
	want := `PROBE                FROM    TO                                     SENT  LOST  LONGEST GAP  NOTE
dns/dns-service      node-1  the cluster DNS (10.32.0.10) UDP       120   0     -            
dns/dns-service      node-2  the cluster DNS (10.32.0.10) UDP       120   8     700ms        over 500ms; +1.5s; no answer within 1s
door/ingress-ports   node-1  door on node-1 (198.18.0.11) port 443  60    0     -            over 500ms; blind for 6s; connection reset
door/ingress-ports   node-2  door on node-1 (198.18.0.11) port 443  0     0     -            not observed; no such pod
net/service-network                                                 0                        not asked: no probe pod runs

helm upgrade ended with 0 after 12.346s: 8 of 300 requests lost on 4 paths, longest gap 700ms; 1 paths not observed; asked from here: no image
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
	full := errors.New("disk full")
	for room := range out.Len() {
		if err := report.ContinuityTable(&disk{room, full}, c); !errors.Is(err, full) {
			t.Fatalf("room for %d bytes: error %v", room, err)
		}
	}
}

func TestContinuityJSON(t *testing.T) {
	var out bytes.Buffer
	if err := report.ContinuityJSON(&out, continued()); err != nil {
		t.Fatal(err)
	}
	var back report.Continuity
	if err := json.Unmarshal(out.Bytes(), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(continued(), &back); diff != "" {
		t.Error(diff)
	}
}

// The command's own code goes first. Without a limit nothing that was lost is a failure; with one, what was not seen is
// none that was met.
func TestContinuityExitCode(t *testing.T) {
	for name, test := range map[string]struct {
		exit  int
		limit float64
		paths []report.PathLoss
		want  int
	}{
		"no limit":                    {0, 0, continued().Paths, 0},
		"the command fails":           {7, 0, continued().Paths, 7},
		"the command fails as well":   {7, .1, continued().Paths, 7},
		"nothing lost":                {0, .1, continued().Paths[:1], 0},
		"a gap within the limit":      {0, .8, continued().Paths[:2], 0},
		"a gap beyond it":             {0, .7, continued().Paths[:2], 1},
		"blind within the limit":      {0, 6, continued().Paths[2:3], 0},
		"blind beyond it":             {0, 5.9, continued().Paths[2:3], 1},
		"a path that nobody saw":      {0, 100, continued().Paths[3:], 1},
		"no path and a limit":         {0, 100, nil, 1},
		"no path and no limit either": {0, 0, nil, 0},
	} {
		c := &report.Continuity{Exit: test.exit, MaxGapSeconds: test.limit, Paths: test.paths}
		if got := c.ExitCode(); got != test.want {
			t.Errorf("%s: exit code %d, not %d", name, got, test.want)
		}
	}
}
