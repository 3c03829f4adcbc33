package report_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// unapplied is a check of a cluster on which nothing was ever applied.
func unapplied(some ...string) *report.Report {
	r := &report.Report{Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Verdict: check.Failed,
		Checks: []check.Row{{Check: "nodes", Verdict: check.Good, Detail: "3/3 ready"}}}
	for _, addon := range []string{"net", "dns"} {
		missing := &check.Digest{Cause: "object-missing", Explanation: "DaemonSet " + addon + " is not in the cluster", Remedy: "run fitout apply"}
		r.Checks = append(r.Checks,
			check.Row{Addon: addon, Check: check.Present, Verdict: check.Failed, Detail: "2 of 2 objects missing", Remedy: "run fitout apply", Digest: missing, Absent: true},
			check.Row{Addon: addon, Check: check.Unchanged, Verdict: check.Skipped, Detail: "no object is there to compare"},
			check.Row{Addon: addon, Check: check.Ready, Verdict: check.Failed, Detail: "DaemonSet " + addon + " is missing", Remedy: "run fitout apply", Digest: missing},
			check.Row{Addon: addon, Check: "asked", Verdict: check.Failed, Detail: "0 of 6 good", Remedy: "run fitout apply", Digest: missing},
		)
	}
	for _, addon := range some {
		r.Checks = append(r.Checks, check.Row{Addon: addon, Check: check.Present, Verdict: check.Good, Detail: "2 objects"})
	}
	return r
}

func TestTableOfUnappliedCluster(t *testing.T) {
	want := `ADDON    VERSION  CHECK    VERDICT  DETAIL
cluster           nodes    good     3/3 ready
net               present  failed   2 of 2 objects missing; run fitout apply
    not-applied: nothing of the bundle is in the cluster
    the same explains 7 more:
      net: skipped: unchanged; failed: ready, asked
      dns: failed: present; skipped: unchanged; failed: ready, asked

cluster: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: checks: 1 good, 2 skipped, 6 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, unapplied())); diff != "" {
		t.Error(diff)
	}
	if out := printed(t, report.Table, unapplied("disk")); !strings.Contains(out, "not-applied: nothing of net, dns is in the cluster\n") {
		t.Error(out)
	}
}

// caused is a report with four rows of one cause, of which the third is about it, and others that have none in common.
func caused() *report.Report {
	r := unapplied()
	digest := func(part, cause, explanation string) *check.Digest {
		return &check.Digest{Cause: cause, Explanation: explanation, Remedy: "see its log", Part: part, Object: "DaemonSet proxy"}
	}
	const crash = "container proxy ends with exit code 2"
	r.Checks = []check.Row{
		{Addon: "net", Check: "api-server", Verdict: check.Failed, Detail: "0 of 6 good", Digest: digest("leads Service addresses to pods", "crash-loop", crash)},
		{Addon: "net", Check: "pod-network", Verdict: check.Failed, Detail: "1 of 6 good", Digest: digest("", check.Unexplained, "no answer")},
		{Addon: "proxy", Check: check.Ready, Verdict: check.Degraded, Detail: "DaemonSet proxy 1/2", Digest: digest("", "crash-loop", crash)},
		{Addon: "dns", Check: "dns-service", Verdict: check.Failed, Detail: "2 of 6 good", Digest: digest("leads Service addresses to pods", "crash-loop", crash)},
		{Addon: "dns", Check: "dns-pods", Verdict: check.Failed, Detail: "2 of 6 good", Digest: digest("", check.Unexplained, "no answer")},
		{Addon: "disk", Check: check.Ready, Verdict: check.Failed, Detail: "DaemonSet disk 0/2", Digest: digest("", "crash-loop", "container disk ends with exit code 2")},
	}
	return r
}

func TestTableOfCauses(t *testing.T) {
	want := `ADDON  VERSION  CHECK        VERDICT   DETAIL
net             pod-network  failed    1 of 6 good
    unexplained: no answer
    remedy: see its log
proxy           ready        degraded  DaemonSet proxy 1/2
    crash-loop: container proxy ends with exit code 2
    remedy: see its log
    the same explains 2 more:
      net: failed: api-server
      dns: failed: dns-service
dns             dns-pods     failed    2 of 6 good
    unexplained: no answer
    remedy: see its log
disk            ready        failed    DaemonSet disk 0/2
    crash-loop: container disk ends with exit code 2
    remedy: see its log

cluster: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: checks: 1 degraded, 5 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, caused())); diff != "" {
		t.Error(diff)
	}
}

// The page has a box for each cause, and all rows in its table; so have JSON and JUnit.
func TestCausesInOtherFormats(t *testing.T) {
	page := printed(t, report.HTML, caused())
	if n := strings.Count(page, `<div class="unmet `); n != 4 {
		t.Errorf("%d boxes, not 4:\n%s", n, page)
	}
	for _, part := range []string{"<summary>The same explains 2 more</summary>", "</span> dns/dns-service: 2 of 6 good</li>", "<td>dns-service</td>"} {
		if !strings.Contains(page, part) {
			t.Errorf("no %q in\n%s", part, page)
		}
	}
	for name, print := range map[string]printer{"json": report.JSON, "junit": report.JUnit} {
		if n := strings.Count(printed(t, print, caused()), "crash-loop"); n != 4 {
			t.Errorf("%s tells of the cause with %d rows, not 4", name, n)
		}
	}
}
