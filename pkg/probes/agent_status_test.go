package probes_test

import (
	"slices"
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
)

// An agent may be asked what its own probes ask, as the pod has them: those that are commands.
func TestAgentsOwnProbes(t *testing.T) {
	list, s := judgetest.ProbeCase{}.Survey(t)
	list = slices.DeleteFunc(list, func(a render.Addon) bool { return a.Name != "agents" })
	list[0].Probes[0].Agent = &bundle.Agent{Container: "agent", Format: "cilium", OwnProbes: true}
	for i, p := range s.Pods {
		if p.Name == "agent-1" {
			s.Pods[i].Spec.Containers = []corev1.Container{{Name: "other", LivenessProbe: running("other")}, {Name: "agent", ReadinessProbe: running("agent", "-ready"), LivenessProbe: &corev1.Probe{}}}
		}
	}
	trials := probes.Plan(list, s)
	questions := trials.AgentQueries()
	if len(questions) != 1 || questions[0].Pod.Name != "agent-1" {
		t.Fatalf("%+v", questions)
	}
	if diff := cmp.Diff([]bundle.Command{{Run: []string{"agent", "-ready"}}}, questions[0].Commands); diff != "" {
		t.Error(diff)
	}
	well := probes.AgentOutput{Outputs: []agent.Output{{Text: `{"cilium": {"state": "Ok"}}`}}}
	want := []string{"agents agent-status unknown 1 of 2 agents are well; unknown: node-2 its pod agent-2 has no probe that is a command"}
	if diff := cmp.Diff(want, judgetest.Lines(trials.Judge(probes.Results{Agents: map[string]probes.AgentOutput{questions[0].ID: well}}))); diff != "" {
		t.Error(diff)
	}
}

func running(command ...string) *corev1.Probe {
	return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{Exec: &corev1.ExecAction{Command: command}}}
}

// What agents say is kept for people, whether they are well or not; namespaces are those of their pods alone.
func TestAgentsSay(t *testing.T) {
	c := judgetest.ProbeCase{Agents: map[string]judgetest.AgentAnswer{"node-2": {Text: `{"cilium": {"state": "Failure", "msg": "ill"}}`}}}
	i := slices.IndexFunc(c.Rows(t), func(r check.Row) bool { return r.Check == "agent-status" })
	for _, n := range c.Rows(t)[i].Nodes {
		if n.Says == "" {
			t.Errorf("%+v says nothing", n)
		}
	}
	list, _ := c.Survey(t)
	if diff := cmp.Diff([]string{"kube-system"}, probes.AgentNamespaces(list)); diff != "" {
		t.Error(diff)
	}
	if none := probes.AgentNamespaces(slices.DeleteFunc(list, func(a render.Addon) bool { return a.Name == "agents" })); len(none) > 0 {
		t.Errorf("commands are run in %q", none)
	}
}
