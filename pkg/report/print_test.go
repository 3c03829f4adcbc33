package report_test

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

type printer func(w io.Writer, r *report.Report) error

func printed(t *testing.T, print printer, r *report.Report) string {
	t.Helper()
	var out bytes.Buffer
	if err := print(&out, r); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// The table of a check has a line for each row, whatever its detail holds, and names each addon once.
func TestTableOfChecks(t *testing.T) {
	want := `ADDON    VERSION  CHECK      VERDICT   DETAIL
cluster           nodes      pending   no node has joined yet; add nodes
net      0.1      present    good      12 objects
                  ready      degraded  DaemonSet net 1/2
dns      1.14.2   api        skipped   cannot answer: <simulated> & still
fitout            unchanged  failed    line one\n line two\x01; run fitout apply

demo: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: checks: 1 good, 1 skipped, 1 pending, 1 degraded, 1 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, checked())); diff != "" {
		t.Error(diff)
	}
}

func TestTableOfAddons(t *testing.T) {
	want := `ADDON  VERSION  OBJECTS  DIGEST
dns    1.14.2   5        sha256:0123456789ab
net    0.1      12       sha256:ff

demo: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: 2 created, 1 configured, 1 unchanged, 1 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, applied())); diff != "" {
		t.Error(diff)
	}
}

func TestJSON(t *testing.T) {
	r := applied()
	r.Waves = r.Waves[1:]
	r.Checks = checked().Checks[1:2]
	r.Findings = []clusterfile.Finding{{Field: "cni", Value: "cilium", Source: "default", Assumed: true}}
	r.Warnings = []string{"traefik is untested"}
	got := printed(t, report.JSON, r)
	want := `{
  "apiVersion": "fitout.dev/v1alpha2",
  "kind": "Report",
  "cluster": "demo",
  "kubernetes": "v1.36.4",
  "bundle": "1.36",
  "digest": "sha256:01",
  "findings": [
    {
      "field": "cni",
      "value": "cilium",
      "source": "default",
      "assumed": true
    }
  ],
  "warnings": [
    "traefik is untested"
  ],
  "addons": [
    {
      "name": "dns",
      "version": "1.14.2",
      "objects": 5,
      "digest": "sha256:0123456789abcdef"
    },
    {
      "name": "net",
      "version": "0.1",
      "objects": 12,
      "digest": "sha256:ff"
    }
  ],
  "waves": [
    {
      "name": "addons",
      "seconds": 0.25,
      "changes": [
        {
          "object": {
            "group": "apps",
            "kind": "Deployment",
            "namespace": "kube-system",
            "name": "d"
          },
          "action": "unchanged"
        },
        {
          "object": {
            "group": "apps",
            "kind": "Deployment",
            "namespace": "kube-system",
            "name": "door"
          },
          "action": "failed",
          "error": "forbidden"
        }
      ]
    }
  ],
  "checks": [
    {
      "addon": "net",
      "check": "present",
      "verdict": "good",
      "detail": "12 objects",
      "remedy": "none is printed"
    }
  ],
  "verdict": "failed",
  "error": "wave addons: forbidden"
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var back report.Report
	if err := json.Unmarshal([]byte(got), &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(r, &back); diff != "" {
		t.Errorf("not the same when parsed again: %s", diff)
	}
}

func TestJUnit(t *testing.T) {
	r := checked()
	r.Error = "timed out"
	want := `<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="fitout demo" tests="6" failures="2" errors="1" skipped="2">
  <testcase classname="fitout.cluster" name="nodes">
    <skipped message="pending: no node has joined yet; add nodes"></skipped>
    <system-out>no node has joined yet</system-out>
  </testcase>
  <testcase classname="fitout.net" name="present">
    <system-out>12 objects</system-out>
  </testcase>
  <testcase classname="fitout.net" name="ready">
    <failure message="degraded: DaemonSet net 1/2"></failure>
    <system-out>DaemonSet net 1/2</system-out>
  </testcase>
  <testcase classname="fitout.dns" name="api">
    <skipped message="skipped: cannot answer: &lt;simulated&gt; &amp; still"></skipped>
    <system-out>cannot answer: &lt;simulated&gt; &amp; still</system-out>
  </testcase>
  <testcase classname="fitout.fitout" name="unchanged">
    <failure message="failed: line one\n line two\x01; run fitout apply"></failure>
    <system-out>line one\n line two\x01</system-out>
  </testcase>
  <testcase classname="fitout.cluster" name="run">
    <error message="timed out"></error>
  </testcase>
</testsuite>
`
	if diff := cmp.Diff(want, printed(t, report.JUnit, r)); diff != "" {
		t.Error(diff)
	}
}

// What a CI server counts is what the rows say: no unmet check is a passed test, and neither is one without a verdict.
func TestJUnitCounts(t *testing.T) {
	for verdict, want := range map[check.Verdict]string{
		check.Good: "passed", check.Skipped: "skipped", check.Unknown: "skipped", check.Pending: "skipped", check.Degraded: "failure", check.Failed: "failure",
	} {
		r := empty(verdict)
		r.Checks = []check.Row{{Addon: "dns", Check: check.Ready, Verdict: verdict, Detail: "why"}}
		var suite struct {
			Tests    int `xml:"tests,attr"`
			Failures int `xml:"failures,attr"`
			Skipped  int `xml:"skipped,attr"`
			Errors   int `xml:"errors,attr"`
			Cases    []struct {
				Failure *struct{} `xml:"failure"`
				Skipped *struct{} `xml:"skipped"`
			} `xml:"testcase"`
		}
		if err := xml.Unmarshal([]byte(printed(t, report.JUnit, r)), &suite); err != nil {
			t.Fatal(err)
		}
		got := "passed"
		switch c := suite.Cases[0]; {
		case c.Failure != nil && suite.Failures == 1 && suite.Skipped == 0:
			got = "failure"
		case c.Skipped != nil && suite.Skipped == 1 && suite.Failures == 0:
			got = "skipped"
		}
		if got != want || suite.Tests != 1 || suite.Errors != 0 {
			t.Errorf("%s is %s, not %s: %+v", verdict, got, want, suite)
		}
	}
}

// A disk that is full is an error of every printer.
func TestPrintersFail(t *testing.T) {
	full := errors.New("disk full")
	for name, print := range map[string]printer{"table": report.Table, "json": report.JSON, "junit": report.JUnit, "html": report.HTML} {
		for room := range len(printed(t, print, checked())) {
			if err := print(&disk{room, full}, checked()); !errors.Is(err, full) {
				t.Fatalf("%s with room for %d bytes: error %v", name, room, err)
			}
		}
	}
}

// disk takes as many bytes as it has room for.
type disk struct {
	room int
	err  error
}

func (d *disk) Write(p []byte) (int, error) {
	if len(p) > d.room {
		return d.room, d.err
	}
	d.room -= len(p)
	return len(p), nil
}

// The names of addons and clusters are anybody's.
func TestJUnitEscapes(t *testing.T) {
	r := empty(check.Good)
	r.Cluster = `a"<b>&'` + strings.Repeat("é", 3)
	var suite struct {
		Name string `xml:"name,attr"`
	}
	if err := xml.Unmarshal([]byte(printed(t, report.JUnit, r)), &suite); err != nil {
		t.Fatal(err)
	}
	if suite.Name != "fitout "+r.Cluster {
		t.Errorf("name %q", suite.Name)
	}
}

// Below an unmet row stands what the agent says that is worst off, as it is laid out.
func TestTableOfAgents(t *testing.T) {
	want := `agent-status     degraded  1 of 3 agents are well; node-2 says: KVStore: Failure gone; the agent is ill
    node-3 says:
      | KVStore:   Failure   <gone>
      |   a b
dns `
	if out := printed(t, report.Table, probed()); !strings.Contains(out, want) || strings.Contains(out, "node-1 says") {
		t.Error(out)
	}
	if out := printed(t, report.JUnit, probed()); !strings.Contains(out, "node-3 says:") {
		t.Error(out)
	}
}

// A reason for which several rows have no verdict is told once; what is good or unmet is told of each.
func TestTableTellsReasonsOnce(t *testing.T) {
	why := "no image for probe pods"
	r := &report.Report{Kubernetes: "v1.36.4", Bundle: "1.36", Digest: "sha256:01", Verdict: check.Failed, Checks: []check.Row{
		{Check: "probe-pods", Verdict: check.Unknown, Detail: why},
		{Addon: "net", Check: "pod-network", Verdict: check.Unknown, Detail: why},
		{Addon: "net", Check: "ready", Verdict: check.Failed, Detail: why},
		{Addon: "dns", Check: "ready", Verdict: check.Failed, Detail: why},
		{Addon: "dns", Check: "dns-service", Verdict: check.Unknown, Detail: "another reason"},
	}}
	want := `ADDON    VERSION  CHECK        VERDICT  DETAIL
cluster           probe-pods   unknown  no image for probe pods
net               pod-network  unknown  same cause as cluster/probe-pods
                  ready        failed   no image for probe pods
dns               ready        failed   no image for probe pods
                  dns-service  unknown  another reason

cluster: Kubernetes v1.36.4, bundle 1.36, sha256:01
failed: checks: 3 unknown, 2 failed
`
	if diff := cmp.Diff(want, printed(t, report.Table, r)); diff != "" {
		t.Error(diff)
	}
}
