package report_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// digested is a report with a digest in its midst.
func digested() *report.Report {
	r := checked()
	r.Checks[2].Digest = &check.Digest{
		Cause: "crash-loop", Explanation: "container net ends with exit code 2", Remedy: "see its log", Terminal: true,
		Object: "DaemonSet net/net", Pod: "net/net-x", Container: "net", Node: "b", State: "CrashLoopBackOff",
		Events: []check.Event{{Reason: "BackOff", Message: "again\tand again", Count: 3, Last: time.Unix(0, 0).UTC()}}, Log: []string{"no <route>"},
	}
	return r
}

func TestTableOfDigest(t *testing.T) {
	want := `ADDON    VERSION  CHECK      VERDICT   DETAIL
cluster           nodes      pending   no node has joined yet; add nodes
net      0.1      present    good      12 objects
                  ready      degraded  DaemonSet net 1/2
    crash-loop: container net ends with exit code 2
    remedy: see its log
    pod net/net-x: CrashLoopBackOff
    event BackOff (3 times, last 1970-01-01T00:00:00Z): again and again
    log: no <route>
dns      1.14.2   api        skipped   cannot answer: <simulated> & still
fitout            unchanged  failed    line one\n line two\x01; run fitout apply

demo: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: checks: 1 good, 1 skipped, 1 pending, 1 degraded, 1 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, digested())); diff != "" {
		t.Error(diff)
	}
}

// A line for each row, whatever breaks lines: digests stand below their own.
func TestTableOfStrangeDetail(t *testing.T) {
	r := digested()
	r.Checks[0].Detail = "a\vb\fc\nd\re"
	if out := printed(t, report.Table, r); !strings.Contains(out, "DaemonSet net 1/2\n    crash-loop") {
		t.Error(out)
	}
}

func TestDigestInJUnit(t *testing.T) {
	out := printed(t, report.JUnit, digested())
	for _, part := range []string{"crash-loop: container net ends with exit code 2", "log: no &lt;route&gt;"} {
		if !strings.Contains(out, part) {
			t.Errorf("no %q in\n%s", part, out)
		}
	}
}

func TestDigestInJSON(t *testing.T) {
	var r struct {
		Checks []struct{ Digest map[string]any }
	}
	if err := json.Unmarshal([]byte(printed(t, report.JSON, digested())), &r); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"cause": "crash-loop", "explanation": "container net ends with exit code 2", "remedy": "see its log", "terminal": true,
		"object": "DaemonSet net/net", "pod": "net/net-x", "container": "net", "node": "b", "state": "CrashLoopBackOff",
		"events": []any{map[string]any{"reason": "BackOff", "message": "again\tand again", "count": 3.0, "last": "1970-01-01T00:00:00Z"}},
		"log":    []any{"no <route>"},
	}
	if diff := cmp.Diff(want, r.Checks[2].Digest); diff != "" {
		t.Error(diff)
	}
	if r.Checks[1].Digest != nil {
		t.Error("a good row has a digest")
	}
}
