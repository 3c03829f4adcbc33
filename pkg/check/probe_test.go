package check_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A stage is a cluster and its probe pods as testdata/probes.yaml has it.
type stage struct {
	Addons []struct {
		Name    string         `json:"name"`
		Role    string         `json:"role"`
		Checks  bundle.Checks  `json:"checks"`
		Probes  []bundle.Probe `json:"probes"`
		Objects []fields       `json:"objects"`
	} `json:"addons"`
	Objects []fields `json:"objects"`
}

// A probeCase changes the stage and what pods answer, and says which rows are others then.
type probeCase struct {
	Name     string            `json:"name"`
	Live     map[string]fields `json:"live"`    // merge patches by kind and name
	Absent   string            `json:"absent"`  // why there are no probe pods
	Metrics  string            `json:"metrics"` // why there are none
	NoAPI    bool              `json:"noAPI"`   // there is no Service default/kubernetes
	Fails    map[string]string `json:"fails"`   // expression over "pod address:port network size name" -> error
	Silent   map[string]string `json:"silent"`  // pod, or way and what is asked -> why it could not be asked
	Required bool              `json:"required"`
	Agents   map[string]said   `json:"agents"` // node -> what its agent answers; the others are well
	Claim    *check.ClaimTest  `json:"claim"`
	Want     []string          `json:"want"`
	Events   []fields          `json:"events"`
	Pods     []fields          `json:"pods"` // of the whole cluster
	Logs     map[string]string `json:"logs"` // by pod
	// Digests are what is said of some of the rows, by addon/probe.
	Digests map[string][]string `json:"digests"`
}

// said is what an agent answers: the standard output of its command, or why there is none.
type said struct {
	Text    string `json:"text"`
	Exit    int    `json:"exit"`
	Unasked string `json:"unasked"`
	Silent  string `json:"silent"`
}

// statements answers the questions to agents.
func (c probeCase) statements(questions []check.AgentQuery) map[string]check.AgentOutput {
	replies := map[string]check.AgentOutput{}
	for _, q := range questions {
		s, ok := c.Agents[q.Pod.Spec.NodeName]
		if !ok {
			s.Text = `{"cilium": {"state": "Ok", "msg": "1.20.2"}}`
		}
		reply := check.AgentOutput{NotRun: s.Unasked, TimedOut: s.Silent}
		for range q.Commands {
			reply.Outputs = append(reply.Outputs, agent.Output{Text: s.Text, Exit: s.Exit})
		}
		replies[q.ID] = reply
	}
	return replies
}

func (c probeCase) survey(t *testing.T) ([]render.Addon, check.Survey) {
	t.Helper()
	var world stage
	readYAML(t, "testdata/probes.yaml", &world)
	var list []render.Addon
	live := map[manifest.ID]*manifest.Object{}
	for _, a := range world.Addons {
		addon := render.Addon{Addon: bundle.Addon{Name: a.Name, Role: a.Role, Checks: a.Checks, Probes: a.Probes}}
		for _, o := range a.Objects {
			addon.Objects = append(addon.Objects, &manifest.Object{Object: o})
		}
		for _, o := range unstructuredOf(changed(a.Objects, c.Live, false)) {
			live[manifest.IDOf(o)] = o
		}
		list = append(list, addon)
	}
	of := func(kind string) []fields {
		return changed(slices.DeleteFunc(slices.Clone(world.Objects), func(o fields) bool { return o["kind"] != kind }), c.Live, true)
	}
	s := check.Survey{Now: time.Date(2026, 11, 5, 12, 0, 30, 0, time.UTC), APIServer: "10.32.0.1", MetricsError: c.Metrics}
	s.Nodes = typed[corev1.Node](t, of("Node"))
	s.Objects = live
	for _, o := range unstructuredOf(of("CSIDriver")) {
		s.Objects[manifest.IDOf(o)] = o
	}
	s.NodeMetrics, s.CSINodes = unstructuredOf(of("NodeMetrics")), unstructuredOf(of("CSINode"))
	if services := typed[corev1.Service](t, of("Service")); len(services) > 0 {
		s.DNS = &services[0]
	}
	if c.NoAPI {
		s.APIServer = ""
	}
	s.Environment = check.Environment{Namespace: "p", Service: "10.32.0.20", Host: "p.invalid", Domain: "cluster.local", ExternalName: "example.org", NoPods: c.Absent, StorageClass: "fast"}
	for _, p := range typed[corev1.Pod](t, of("Pod")) {
		if p.Namespace == "kube-system" {
			s.Pods = append(s.Pods, p)
		} else if c.Absent == "" {
			s.Environment.Pods = append(s.Environment.Pods, p)
		}
	}
	if s.Environment.Claim = c.Claim; c.Claim == nil && len(s.ClaimNodes(nil)) > 0 {
		s.Environment.Claim = goodClaim()
	}
	return list, s
}

// goodClaim is a claim that came to its end.
func goodClaim() *check.ClaimTest {
	const s = time.Second
	return &check.ClaimTest{Class: "class fast", Steps: []check.ClaimResult{
		{Step: check.ClaimCreate}, {Step: check.ClaimMount, Node: "node-1", Took: 3 * s}, {Step: check.ClaimWrite, Node: "node-1"},
		{Step: check.ClaimUnmount, Node: "node-1"}, {Step: check.ClaimMount, Node: "node-2", Took: 4 * s}, {Step: check.ClaimRead, Node: "node-2"},
		{Step: check.ClaimUnmount, Node: "node-2"}, {Step: check.ClaimDelete, Took: s},
	}}
}

func unstructuredOf(list []fields) []*manifest.Object {
	var out []*manifest.Object
	for _, o := range list {
		out = append(out, &manifest.Object{Object: o})
	}
	return out
}

// rows plans, answers and judges.
func (c probeCase) rows(t *testing.T) []check.Row {
	t.Helper()
	list, s := c.survey(t)
	trials := check.Plan(list, s)
	answers := map[string]check.PodResults{}
	for pod, tasks := range trials.Tasks() {
		if why, ok := c.Silent[pod]; ok {
			answers[pod] = check.PodResults{Error: why}
			continue
		}
		var answer check.PodResults
		for _, task := range tasks {
			answer.Results = append(answer.Results, c.answer(pod, task))
		}
		answers[pod] = answer
	}
	replies := map[string]check.DirectResult{}
	for _, call := range trials.DirectQueries() {
		replies[call.ID] = c.reply(call)
	}
	rows := append([]check.Row{s.JudgePods(c.Required)}, trials.Judge(check.Results{Pods: answers, Agents: c.statements(trials.AgentQueries()), Calls: replies})...)
	staged := s.WithProbePods()
	staged.Evidence = check.Evidence{Events: typed[corev1.Event](t, c.Events), Pods: typed[corev1.Pod](t, c.Pods), Logs: map[check.LogRequest]check.Log{}}
	for _, of := range check.EvidenceFor(staged, rows).Logs {
		staged.Evidence.Logs[of] = check.Log{Text: c.Logs[of.Pod]}
	}
	return check.Rows(staged, rows)
}

// reply is what comes of a call: what is asked by port-forward is sure, and so is what a node refuses to the API server.
func (c probeCase) reply(call check.DirectQuery) check.DirectResult {
	who := fmt.Sprintf("%s %s%s", call.Transport, call.Node, call.Pod)
	for expression, why := range c.Silent {
		if regexp.MustCompile(expression).MatchString(who) {
			return check.DirectResult{NotMade: why}
		}
	}
	r := check.DirectResult{Result: c.answer(who, call.Task)}
	if call.Kind == probe.TLS && !strings.Contains(c.Name, "somebody else's") {
		r.Answer = "TLS 1.3, certificate of CN=" + call.Node + "@1761998400"
	}
	r.Conclusive = call.Transport == check.ByForward || strings.Contains(r.Error, "refused") && call.Transport == check.ThroughServer
	return r
}

func (c probeCase) answer(pod string, task probe.Task) probe.Result {
	r := probe.Result{ID: task.ID, OK: true, Tries: 1, Took: metav1.Duration{Duration: 2 * time.Millisecond}}
	text := fmt.Sprintf("%s %s:%d %s %d %s%s", pod, task.Address, task.Port, task.Network, task.Size, task.Name, task.Host)
	for expression, why := range c.Fails {
		if regexp.MustCompile(expression).MatchString(text) {
			r.OK, r.Error = false, why
		}
	}
	return r
}

func probeCases(t *testing.T) map[string]probeCase {
	files, err := filepath.Glob("testdata/probes/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := map[string]probeCase{}
	for _, file := range files {
		var list []probeCase
		readYAML(t, file, &list)
		for _, c := range list {
			all[c.Name] = c
		}
	}
	return all
}

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
	if diff := cmp.Diff(want, lines(probeCase{}.rows(t))); diff != "" {
		t.Error(diff)
	}
}

// Where something is broken, the rows that it concerns say so, and no others.
func TestProbes(t *testing.T) {
	well := lines(probeCase{}.rows(t))
	for name, c := range probeCases(t) {
		t.Run(name, func(t *testing.T) {
			got := slices.DeleteFunc(lines(c.rows(t)), func(line string) bool { return slices.Contains(well, line) })
			if diff := cmp.Diff(c.Want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Each probe of the catalogue is known to the judge, is good on the stage, and is unmet in a case.
func TestEveryProbeFails(t *testing.T) {
	good, unmet := map[string]bool{}, map[string]bool{}
	for _, r := range (probeCase{}).rows(t) {
		good[r.Check] = r.Verdict == check.Good
	}
	for _, c := range probeCases(t) {
		for _, r := range c.rows(t) {
			if r.Verdict == check.Failed || r.Verdict == check.Degraded {
				unmet[r.Check] = true
				if r.Detail == "" || r.Remedy == "" {
					t.Errorf("case %q: an unmet check without reason or remedy: %+v", c.Name, r)
				}
			}
		}
	}
	names := []string{check.ProbePods}
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
	for name, c := range probeCases(t) {
		for _, row := range c.rows(t) {
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
	for _, v := range []check.Verdict{check.Good, check.NotJudged, check.Degraded, check.Failed} {
		if !told[v] {
			t.Errorf("no node is %s in any case", v)
		}
	}
}

// On a large cluster each node asks a bounded number of others, and each is asked.
func TestProbesOfManyNodes(t *testing.T) {
	list, s := probeCase{}.survey(t)
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
	for pod, tasks := range check.Plan(list, s).Tasks() {
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
