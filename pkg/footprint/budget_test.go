package footprint_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/footprint"
	corev1 "k8s.io/api/core/v1"
)

// TestBudgets holds every combination of every bundle to the bundle's budget, on both architectures. A budget is exactly
// what the combinations need, so that no rise goes unseen, and what an addon stops asking for is not asked by another.
func TestBudgets(t *testing.T) {
	c, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, minor := range c.Minors() {
		b, _ := c.Bundle(minor)
		var most needs
		for _, combo := range combination.Of(c, minor) {
			plan, err := fitout.Prepare(c, combo.File, nil, nil)
			if err != nil {
				t.Fatalf("%s %s: %v", minor, combo.Name(), err)
			}
			for _, arch := range []string{"amd64", "arm64"} {
				f := of(t, plan.Rendering, node(t, arch), 1)
				if err := f.Within(b.Budget); err != nil && b.Budget != (bundle.Budget{}) {
					t.Errorf("bundles/%s.yaml: %s on %s: %v", minor, combo.Name(), arch, err)
				}
				most.node.raise(f.EachNode)
				most.cluster.raise(f.Once)
			}
		}
		if want := most.String(); want != text(b.Budget) {
			t.Errorf("bundles/%s.yaml: its combinations need another budget than it has; if that is meant, write\n%s", minor, want)
		}
	}
}

// needs is the most that any combination of a bundle requests, in millicores and MiB.
type needs struct{ node, cluster need }

type need struct {
	cpu, memory int64
	undeclared  int
}

func (n *need) raise(s footprint.Share) {
	cpu, memory := s.Requests[corev1.ResourceCPU], s.Requests[corev1.ResourceMemory]
	n.cpu = max(n.cpu, cpu.MilliValue())
	n.memory = max(n.memory, (memory.Value()+1<<20-1)>>20)
	n.undeclared = max(n.undeclared, s.WithoutRequests)
}

func (n need) allowance() bundle.Allowance {
	return bundle.Allowance{CPU: fmt.Sprintf("%dm", n.cpu), Memory: fmt.Sprintf("%dMi", n.memory), Undeclared: n.undeclared}
}

func (n needs) String() string {
	return text(bundle.Budget{Node: n.node.allowance(), Cluster: n.cluster.allowance()})
}

// text is a budget as a bundle has it.
func text(b bundle.Budget) string {
	part := func(a bundle.Allowance) string {
		return fmt.Sprintf("{cpu: %s, memory: %s, undeclared: %d}", a.CPU, a.Memory, a.Undeclared)
	}
	return fmt.Sprintf("budget:\n  node: %s\n  cluster: %s\n", part(b.Node), part(b.Cluster))
}

func TestWithin(t *testing.T) {
	f := of(t, rendering(t, daemonSet("cni", "- {name: agent, resources: {requests: {cpu: 200m, memory: 30Mi}}}\n- {name: silent}"),
		deployment("dns", 2, "- {name: dns, resources: {requests: {cpu: 100m, memory: 70Mi}}}")), node(t, "amd64"), 3)
	allowed := func(cpu, memory string, undeclared int) bundle.Allowance {
		return bundle.Allowance{CPU: cpu, Memory: memory, Undeclared: undeclared}
	}
	exact := bundle.Budget{Node: allowed("200m", "30Mi", 1), Cluster: allowed("200m", "140Mi", 0)}
	if err := f.Within(exact); err != nil {
		t.Errorf("the exact budget is exceeded: %v", err)
	}
	for want, change := range map[string]func(*bundle.Budget){
		"budget.node: what runs on each node requests 200m cpu, more than 199m": func(b *bundle.Budget) { b.Node.CPU = "199m" },
		"budget.node: what runs on each node requests 30Mi memory, more than":   func(b *bundle.Budget) { b.Node.Memory = "30719Ki" },
		"budget.node: what runs on each node has 1 containers without a memory": func(b *bundle.Budget) { b.Node.Undeclared = 0 },
		"budget.cluster: what runs once requests 140Mi memory, more than 70Mi":  func(b *bundle.Budget) { b.Cluster.Memory = "70Mi" },
		`budget.cluster: what runs once: cpu is "much"; give a quantity`:        func(b *bundle.Budget) { b.Cluster.CPU = "much" },
	} {
		tight := exact
		change(&tight)
		if err := f.Within(tight); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v does not say %q", err, want)
		}
	}
}
