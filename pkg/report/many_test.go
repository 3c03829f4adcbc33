package report_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
)

// A page about thousands of nodes stays readable: it begins with those where something is unmet, and counts the others.
func TestHTMLOfManyNodes(t *testing.T) {
	row := check.Row{Addon: "net", Check: "agent-status", Verdict: check.Degraded, Detail: "4999 of 5000 agents are well"}
	for i := range 5000 {
		n := check.NodeResult{Node: fmt.Sprintf("node-%04d", i), Verdict: check.Good, Detail: "is well", Says: "fine"}
		if i == 4321 {
			n.Verdict, n.Says = check.Failed, "broken"
		}
		row.Nodes = append(row.Nodes, n)
	}
	var page strings.Builder
	if err := report.HTML(&page, &report.Report{Verdict: check.Degraded, Checks: []check.Row{row}}); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"and 4900 more nodes", `<th scope="row">node-4321</th>`, "broken"} {
		if !strings.Contains(page.String(), want) {
			t.Errorf("the page has no %q", want)
		}
	}
	if n := strings.Count(page.String(), "node-"); n > 300 {
		t.Errorf("the page names nodes %d times", n)
	}
}
