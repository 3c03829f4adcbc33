package probes_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

func TestProbesWell(t *testing.T) {
	want := []string{
		"probe-pods good 2 of 2 nodes run the probe",
		"net pod-network good 4 of 4 good (same node 2/2, across nodes 2/2), slowest 2ms",
		"net packet-size good 8 of 8 good (UDP same node 2/2, TCP same node 2/2, UDP across nodes 2/2, TCP across nodes 2/2), slowest 2ms",
		"net service-network good 2 of 2 good, slowest 2ms",
		"net api-server good 2 of 2 good, slowest 2ms",
		"net network-policy good 10 of 10 good (open 4/4, closed 4/4, to itself 2/2), slowest 2ms",
		"agents agent-status good 2 of 2 agents are well",
		"proxy proxy-health good 2 of 2 good, slowest 2ms",
		"dns dns-service good 4 of 4 good (UDP 2/2, TCP 2/2), slowest 2ms",
		"dns dns-pods good 4 of 4 good (UDP 2/2, TCP 2/2), slowest 2ms",
		"dns dns-outside good 4 of 4 good (UDP 2/2, TCP 2/2), slowest 2ms",
		"door ingress-ports good 8 of 8 good (port 80 4/4, port 443 4/4), slowest 2ms",
		"door ingress-route good 4 of 4 good, slowest 2ms",
		"metrics node-metrics good 2 of 2 nodes have metrics younger than a minute",
		"detector node-conditions good 2 of 2 nodes have no problem of [KernelDeadlock ReadonlyFilesystem]",
		"disk storage-driver good 2 of 2 nodes know the driver disk.example",
		"disk storage-claim good class fast: created, mounted on node-1 after 3s, written on node-1, let go on node-1, mounted on node-2 after 4s, read on node-2, let go on node-2, deleted after 1s",
	}
	if diff := cmp.Diff(want, judgetest.Lines(judgetest.ProbeCase{}.Rows(t))); diff != "" {
		t.Error(diff)
	}
}

// Where something is broken, the rows that it concerns say so, and no others.
func TestProbes(t *testing.T) {
	well := judgetest.Lines(judgetest.ProbeCase{}.Rows(t))
	for name, c := range judgetest.ProbeCases(t) {
		t.Run(name, func(t *testing.T) {
			got := slices.DeleteFunc(judgetest.Lines(c.Rows(t)), func(line string) bool { return slices.Contains(well, line) })
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each probe of the catalogue is known to the judge, is good on the stage, and is unmet in a case.
func TestEveryProbeFails(t *testing.T) {
	good, unmet := map[string]bool{}, map[string]bool{}
	for _, r := range (judgetest.ProbeCase{}).Rows(t) {
		good[r.Check] = r.Verdict == check.Good
	}
	for _, c := range judgetest.ProbeCases(t) {
		for _, r := range c.Rows(t) {
			if r.Verdict == check.Failed || r.Verdict == check.Degraded {
				unmet[r.Check] = true
				if r.Detail == "" || r.Remedy == "" {
					t.Errorf("case %q: an unmet check without reason or remedy: %+v", c.Name, r)
				}
			}
		}
	}
	names := []string{probes.ProbePods}
	catalogue, err := bundle.Load(addons.FS, bundles.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range catalogue.Names() {
		a, _ := catalogue.Addon(name)
		for _, p := range a.Probes {
			names = append(names, p.Name)
		}
	}
	for _, name := range names {
		if !good[name] || !unmet[name] {
			t.Errorf("probe %s: good on the stage %v, unmet in a case %v", name, good[name], unmet[name])
		}
	}
}

// The results of the nodes agree with their row: it is good where all are, and unmet where one is, and a node that is broken
// is told from one that is not.
func TestNodesAgreeWithTheirRow(t *testing.T) {
	told := map[check.Verdict]bool{}
	for name, c := range judgetest.ProbeCases(t) {
		for _, row := range c.Rows(t) {
			worst := check.Good
			for _, n := range row.Nodes {
				told[n.Verdict] = true
				worst = check.Worse(worst, n.Verdict)
				if n.Node == "" || n.Detail == "" {
					t.Errorf("%s: %s: %+v", name, row.Name(), n)
				}
			}
			unmet := func(v check.Verdict) bool { return v == check.Failed || v == check.Degraded }
			if len(row.Nodes) > 0 && (unmet(worst) != unmet(row.Verdict) || row.Verdict == check.Good && worst != check.Good) {
				t.Errorf("%s: %s is %s, with the nodes %+v", name, row.Name(), row.Verdict, row.Nodes)
			}
		}
	}
	for _, v := range []check.Verdict{check.Good, check.Unknown, check.Degraded, check.Failed} {
		if !told[v] {
			t.Errorf("no node is %s in any case", v)
		}
	}
}

// On a large cluster each node asks a bounded number of others, and each is asked.
func TestProbesOfManyNodes(t *testing.T) {
	list, s := judgetest.ProbeCase{}.Survey(t)
	node, asker, peer := s.Nodes[0], s.Environment.Pods[0], s.Environment.Pods[2]
	s.Nodes, s.Environment.Pods = nil, nil
	for i := range 100 {
		node.Name = fmt.Sprintf("node-%03d", i)
		s.Nodes = append(s.Nodes, node)
		for _, p := range []corev1.Pod{asker, peer} {
			p.Name, p.Spec.NodeName, p.Status.PodIP = fmt.Sprintf("%s-%03d", p.Name, i), node.Name, fmt.Sprintf("100.64.%d.1", i)
			s.Environment.Pods = append(s.Environment.Pods, p)
		}
	}
	asked := map[string]int{}
	for pod, tasks := range probes.Plan(list, s).Tasks() {
		if len(tasks) > 100 {
			t.Errorf("%s has %d tasks", pod, len(tasks))
		}
		for _, task := range tasks {
			if strings.Contains(task.ID, "/pod-network/") {
				asked[task.Address]++
			}
		}
	}
	for i := range 100 {
		if n := asked[fmt.Sprintf("100.64.%d.1", i)]; n != 8 {
			t.Errorf("the peer on node %d is asked by %d", i, n)
		}
	}
}
