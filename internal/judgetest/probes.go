package judgetest

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A probeWorld is a cluster and its probe pods as testdata/probes.yaml has it.
type probeWorld struct {
	Addons []struct {
		Name    string         `json:"name"`
		Role    string         `json:"role"`
		Checks  bundle.Checks  `json:"checks"`
		Probes  []bundle.Probe `json:"probes"`
		Objects []Fields       `json:"objects"`
	} `json:"addons"`
	Objects []Fields `json:"objects"`
}

// A ProbeCase changes the stage and what pods answer, and says which rows are others then.
type ProbeCase struct {
	Name     string                 `json:"name"`
	Live     map[string]Fields      `json:"live"`     // merge patches by kind and name
	Absent   string                 `json:"absent"`   // why there are no probe pods
	Declined bool                   `json:"declined"` // they are not wanted
	Metrics  string                 `json:"metrics"`  // why there are none
	NoAPI    bool                   `json:"noAPI"`    // there is no Service default/kubernetes
	Fails    map[string]string      `json:"fails"`    // expression over "pod address:port network size name" -> error
	Silent   map[string]string      `json:"silent"`   // pod, or way and what is asked -> why it could not be asked
	Required bool                   `json:"required"`
	Agents   map[string]AgentAnswer `json:"agents"` // node -> what its agent answers; the others are well
	Claim    *probes.ClaimTest      `json:"claim"`
	Want     []string               `json:"want"`
	Events   []Fields               `json:"events"`
	Pods     []Fields               `json:"pods"` // of the whole cluster
	Logs     map[string]string      `json:"logs"` // by pod
	// Digests are what is said of some of the rows, by addon/probe.
	Digests map[string][]string `json:"digests"`
}

// AgentAnswer is what an agent answers: the standard output of its command, or why there is none.
type AgentAnswer struct {
	Text    string `json:"text"`
	Exit    int    `json:"exit"`
	Unasked string `json:"unasked"`
	Silent  string `json:"silent"`
}

// statements answers the questions to agents.
func (c ProbeCase) statements(questions []probes.AgentQuery) map[string]probes.AgentOutput {
	replies := map[string]probes.AgentOutput{}
	for _, q := range questions {
		s, ok := c.Agents[q.Pod.Spec.NodeName]
		if !ok {
			s.Text = `{"cilium": {"state": "Ok", "msg": "1.20.2"}}`
		}
		reply := probes.AgentOutput{NotRun: s.Unasked, TimedOut: s.Silent}
		for range q.Commands {
			reply.Outputs = append(reply.Outputs, agent.Output{Text: s.Text, Exit: s.Exit})
		}
		replies[q.ID] = reply
	}
	return replies
}

// Survey returns what is rendered, and what is observed in the case.
func (c ProbeCase) Survey(t *testing.T) ([]render.Addon, probes.Survey) {
	t.Helper()
	var world probeWorld
	decode(t, "testdata/probes.yaml", testdata.ReadFile, &world)
	var list []render.Addon
	live := map[manifest.ID]*manifest.Object{}
	for _, a := range world.Addons {
		addon := render.Addon{Addon: bundle.Addon{Name: a.Name, Role: a.Role, Checks: a.Checks, Probes: a.Probes}}
		for _, o := range a.Objects {
			addon.Objects = append(addon.Objects, &manifest.Object{Object: o})
		}
		for _, o := range Objects(Changed(a.Objects, c.Live, false)) {
			live[manifest.IDOf(o)] = o
		}
		list = append(list, addon)
	}
	of := func(kind string) []Fields {
		return Changed(slices.DeleteFunc(slices.Clone(world.Objects), func(o Fields) bool { return o["kind"] != kind }), c.Live, true)
	}
	s := probes.Survey{Now: time.Date(2026, 11, 5, 12, 0, 30, 0, time.UTC), APIServer: "10.32.0.1", MetricsError: c.Metrics}
	s.Nodes = Typed[corev1.Node](t, of("Node"))
	s.Objects = live
	for _, o := range Objects(of("CSIDriver")) {
		s.Objects[manifest.IDOf(o)] = o
	}
	s.NodeMetrics, s.CSINodes = Objects(of("NodeMetrics")), Objects(of("CSINode"))
	if services := Typed[corev1.Service](t, of("Service")); len(services) > 0 {
		s.DNS = &services[0]
	}
	if c.NoAPI {
		s.APIServer = ""
	}
	s.Environment = probes.Environment{Namespace: "p", Service: "10.32.0.20", Host: "p.invalid", Domain: "cluster.local", ExternalName: "example.org", NoPods: c.Absent, Declined: c.Declined || s.AllSimulated(), StorageClass: "fast"}
	for _, p := range Typed[corev1.Pod](t, of("Pod")) {
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
func goodClaim() *probes.ClaimTest {
	const s = time.Second
	return &probes.ClaimTest{Class: "class fast", Steps: []probes.ClaimResult{
		{Step: probes.ClaimCreate}, {Step: probes.ClaimMount, Node: "node-1", Took: 3 * s}, {Step: probes.ClaimWrite, Node: "node-1"},
		{Step: probes.ClaimUnmount, Node: "node-1"}, {Step: probes.ClaimMount, Node: "node-2", Took: 4 * s}, {Step: probes.ClaimRead, Node: "node-2"},
		{Step: probes.ClaimUnmount, Node: "node-2"}, {Step: probes.ClaimDelete, Took: s},
	}}
}

// Objects returns a list of fields as objects.
func Objects(list []Fields) []*manifest.Object {
	var out []*manifest.Object
	for _, o := range list {
		out = append(out, &manifest.Object{Object: o})
	}
	return out
}

// Rows plans, answers and judges.
func (c ProbeCase) Rows(t *testing.T) []check.Row {
	t.Helper()
	list, s := c.Survey(t)
	trials := probes.Plan(list, s)
	answers := map[string]probes.PodResults{}
	for pod, tasks := range trials.Tasks() {
		if why, ok := c.Silent[pod]; ok {
			answers[pod] = probes.PodResults{Error: why}
			continue
		}
		var answer probes.PodResults
		for _, task := range tasks {
			answer.Results = append(answer.Results, c.answer(pod, task))
		}
		answers[pod] = answer
	}
	replies := map[string]probes.DirectResult{}
	for _, call := range trials.DirectQueries() {
		replies[call.ID] = c.reply(call)
	}
	rows := append([]check.Row{s.JudgePods(c.Required)}, trials.Judge(probes.Results{Pods: answers, Agents: c.statements(trials.AgentQueries()), Calls: replies})...)
	staged := s.WithProbePods()
	staged.Evidence = observed.Evidence{Events: Typed[corev1.Event](t, c.Events), Pods: Typed[corev1.Pod](t, c.Pods), Logs: map[observed.LogRequest]observed.Log{}}
	for _, of := range diagnose.EvidenceFor(staged, rows).Logs {
		staged.Evidence.Logs[of] = observed.Log{Text: c.Logs[of.Pod]}
	}
	return diagnose.Rows(staged, rows, Diagnoses(t, staged.Objects)...)
}

// reply is what comes of a call: what is asked by port-forward is sure, and so is what a node refuses to the API server.
func (c ProbeCase) reply(call probes.DirectQuery) probes.DirectResult {
	who := fmt.Sprintf("%s %s%s", call.Transport, call.Node, call.Pod)
	for expression, why := range c.Silent {
		if regexp.MustCompile(expression).MatchString(who) {
			return probes.DirectResult{NotMade: why}
		}
	}
	r := probes.DirectResult{Result: c.answer(who, call.Task)}
	if call.Kind == probe.TLS && !strings.Contains(c.Name, "somebody else's") {
		r.Answer = "TLS 1.3, certificate of CN=" + call.Node + "@1761998400"
	}
	r.Conclusive = call.Transport == probes.ByForward || strings.Contains(r.Error, "refused") && call.Transport == probes.ThroughServer
	return r
}

func (c ProbeCase) answer(pod string, task probe.Task) probe.Result {
	r := probe.Result{ID: task.ID, OK: true, Tries: 1, Took: metav1.Duration{Duration: 2 * time.Millisecond}}
	text := fmt.Sprintf("%s %s:%d %s %d %s%s", pod, task.Address, task.Port, task.Network, task.Size, task.Name, task.Host)
	for expression, why := range c.Fails {
		if regexp.MustCompile(expression).MatchString(text) {
			r.OK, r.Error = false, why
		}
	}
	return r
}

// ProbeCases returns the cases of the probes, by name.
func ProbeCases(t *testing.T) map[string]ProbeCase {
	files, err := filepath.Glob("../probes/testdata/cases/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no cases: %v", err)
	}
	all := map[string]ProbeCase{}
	for _, file := range files {
		var list []ProbeCase
		ReadYAML(t, file, &list)
		for _, c := range list {
			all[c.Name] = c
		}
	}
	return all
}
