package probes

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
)

var _ = register(Probe{
	Name: "agent-status", Where: InAgents, Fields: []string{"timeout", "agent"},
})

// AgentNamespaces returns the namespaces of the pods in which agents are asked.
func AgentNamespaces(addons []render.Addon) []string {
	set := map[string]bool{}
	for _, a := range addons {
		for _, p := range a.Probes {
			if p.Agent == nil {
				continue
			}
			for _, d := range agentSets(a, p.Agent.Container) {
				set[d.namespace] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// planAgents finds the nodes on which an agent is to be. On simulated and virtual ones nothing runs.
func (s Survey) planAgents(t probePlan) probePlan {
	var ready []*corev1.Node
	taken := map[string]bool{}
	for _, set := range agentSets(t.addon, t.Agent.Container) {
		nodes, _ := s.EligibleNodes(set.PodTemplateSpec)
		on := observed.PodsByNode(s.PodsMatching(set.namespace, set.Selector))
		for _, n := range nodes {
			if observed.Simulated(n) || taken[n.Name] {
				continue
			}
			taken[n.Name] = true
			p := findAgent(n, on[n.Name], *t.Agent)
			if p.ready {
				ready = append(ready, n)
			}
			t.agents = append(t.agents, p)
		}
	}
	if idle := s.idle(ready); idle.verdict != "" {
		t = t.withRow(idle.verdict, "", idle.detail)
	}
	slices.SortFunc(t.agents, func(a, b agentTarget) int { return strings.Compare(a.node.Name, b.node.Name) })
	return t
}

// agentQuery returns what the agent of a node is asked; ok is false if nothing is.
func (t probePlan) agentQuery(p agentTarget) (q AgentQuery, ok bool) {
	if !p.ready || p.pod == nil || p.noCommands != "" {
		return AgentQuery{}, false
	}
	id := fmt.Sprintf("%s/%s/%s", t.addon.Name, t.Name, p.node.Name)
	return AgentQuery{ID: id, Pod: *p.pod, Container: t.Agent.Container, Commands: p.commands, Timeout: t.Deadline()}, true
}

// AgentQueries returns what agents are to be asked.
func (t Plans) AgentQueries() []AgentQuery {
	var all []AgentQuery
	for _, plan := range t.list {
		for _, p := range plan.agents {
			if q, ok := plan.agentQuery(p); ok && plan.row == nil {
				all = append(all, q)
			}
		}
	}
	return all
}

// judgeAgents judges a probe by what the agents said. The verdict on an agent that could not be asked is unknown, and so
// is that of the probe if all others are healthy.
func (t probePlan) judgeAgents(replies map[string]AgentOutput) check.Row {
	var each []check.NodeResult
	of := map[check.Verdict][]string{}
	peers := t.runningAgents()
	for _, p := range t.agents {
		r := t.judgeAgentOn(p, peers, replies)
		each = append(each, r)
		of[r.Verdict] = append(of[r.Verdict], r.Node+" "+r.Detail)
	}
	good, unmet := len(of[check.Good]), append(of[check.Failed], of[check.Degraded]...)
	detail := fmt.Sprintf("%d of %d agents are well", good, len(each))
	if len(unmet) > 0 {
		detail += "; " + printable.FirstFew(unmet)
	}
	if len(of[check.Unknown]) > 0 {
		detail += "; unknown: " + printable.FirstFew(of[check.Unknown])
	}
	row := t.judged(check.Good, "", detail)
	row.Nodes = each
	switch {
	case len(of[check.Failed]) > 0:
		row.Verdict, row.Remedy = check.PartlyMet(good+len(of[check.Degraded])), t.Usually
	case len(unmet) > 0:
		row.Verdict, row.Remedy = check.Degraded, t.Usually
	case len(of[check.Unknown]) > 0:
		row.Verdict = check.Unknown
	}
	return row
}

// judgeAgentOn judges the agent of one node; peers are the nodes on which such an agent runs.
func (t probePlan) judgeAgentOn(p agentTarget, peers []string, replies map[string]AgentOutput) check.NodeResult {
	result := func(v check.Verdict, detail string) check.NodeResult {
		return check.NodeResult{Node: p.node.Name, Verdict: v, Detail: detail}
	}
	q, _ := t.agentQuery(p)
	reply, replied := replies[q.ID]
	switch {
	case !p.ready:
		return result(check.Unknown, "is not ready")
	case p.pod == nil:
		return result(check.Failed, p.why)
	case p.noCommands != "":
		return result(check.Unknown, p.noCommands)
	case !replied:
		return result(check.Unknown, "was not asked")
	case reply.NotRun != "":
		return result(check.Unknown, printable.Short(reply.NotRun))
	case reply.TimedOut != "":
		return result(check.Failed, printable.Short(reply.TimedOut))
	}
	status := agent.Read(t.Agent.Format, agent.Subject{Node: *p.node, Pod: *p.pod, Peers: peers}, reply.Outputs)
	r := result(JudgeAgent(status))
	r.Says = status.Text
	return r
}

// JudgeAgent judges an agent by what it says of itself.
func JudgeAgent(s agent.Status) (v check.Verdict, detail string) {
	var faults []string
	for _, f := range s.Faults {
		faults = append(faults, printable.Short(f.Text))
	}
	switch {
	case s.Severe():
		return check.Failed, "says: " + printable.FirstFew(faults)
	case len(faults) > 0:
		return check.Degraded, "says: " + printable.FirstFew(faults)
	case len(s.Unread) > 0:
		return check.Unknown, "says what is not understood: " + printable.Short(printable.FirstFew(s.Unread))
	case s.Summary != "":
		return check.Good, "is well (" + printable.Short(s.Summary) + ")"
	}
	return check.Good, "is well"
}

// hung are the agents that did not answer in time.
func (t probePlan) hung(replies map[string]AgentOutput) []check.HungAgent {
	var all []check.HungAgent
	for _, p := range t.agents {
		q, asked := t.agentQuery(p)
		if reply := replies[q.ID]; asked && reply.TimedOut != "" {
			all = append(all, check.HungAgent{Node: p.node.Name, Namespace: p.pod.Namespace, Pod: p.pod.Name, Detail: printable.Short(reply.TimedOut)})
		}
	}
	return all
}

// runningAgents are the nodes on which the agent runs.
func (t probePlan) runningAgents() []string {
	var names []string
	for _, p := range t.agents {
		if p.ready && p.pod != nil {
			names = append(names, p.node.Name)
		}
	}
	return names
}
