package bundle_test

import (
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/google/go-cmp/cmp"
)

// withBudget is the small catalogue with a budget in its newer bundle.
func withBudget(budget string) files {
	return catalogueFiles().with("bundles/1.36.yaml", "testedVersion:", "budget: "+budget+"\ntestedVersion:")
}

func TestBudgetIsRead(t *testing.T) {
	c, err := withBudget("{node: {cpu: 500m, memory: 200Mi, undeclared: 2}, cluster: {cpu: '1', memory: 1Gi}}").load()
	if err != nil {
		t.Fatal(err)
	}
	b, _ := c.Bundle("1.36")
	want := bundle.Budget{Node: bundle.Allowance{CPU: "500m", Memory: "200Mi", Undeclared: 2}, Cluster: bundle.Allowance{CPU: "1", Memory: "1Gi"}}
	if diff := cmp.Diff(want, b.Budget); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestBudgetFaults(t *testing.T) {
	for budget, want := range map[string]string{
		"{node: {cpu: much, memory: 1Mi}, cluster: {cpu: '1', memory: -1Mi}}": "1.36.yaml:4: budget.node.cpu is \"much\"; give a quantity such as 500m or 200Mi\n" +
			"1.36.yaml:4: budget.cluster.memory is \"-1Mi\"; give a quantity such as 500m or 200Mi",
		"{node: {cpu: '1', memory: 1Mi}}":                                            "1.36.yaml:4: budget.cluster is missing",
		"{node: {cpu: '1'}, cluster: {cpu: '1', memory: 1Mi}}":                       "1.36.yaml:4: budget.node.memory is missing",
		"{node: {cpu: '1', memory: 1Mi, disk: 1Gi}, cluster: {cpu: '1', memory: 0}}": "1.36.yaml:4: budget.node.disk is not a field of this format",
	} {
		if _, err := withBudget(budget).load(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v does not say %q", budget, err, want)
		}
	}
}
