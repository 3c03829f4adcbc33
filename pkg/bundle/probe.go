package bundle

import (
	"errors"
	"fmt"
	"time"
)

// A Probe is one trial of what an addon is for. Package check knows how each is made and judged.
type Probe struct {
	Name       string   `json:"name" required:"true" enum:"dns-service,dns-pods,dns-outside,pod-network,packet-size,service-network,api-server,network-policy,proxy-health,ingress-ports,ingress-route,agent-status,node-metrics,node-conditions,storage-driver,storage-claim" doc:"which trial; docs/probes.md"`
	Proves     string   `json:"proves" doc:"what is true where it is good; probes.yaml beside the addons has it for all"`
	Timeout    string   `json:"timeout" doc:"how long an answer may take, all tries together (5s), with storage-claim each step, with agent-status each command; for trials that are made in pods, and these"`
	Usually    string   `json:"usually" doc:"what a failure usually means, and what to look at; probes.yaml beside the addons has it for all"`
	Class      string   `json:"class" doc:"ingress-route: the class of the Ingresses that the addon serves"`
	Conditions []string `json:"conditions" doc:"node-conditions: the conditions that each node has"`
	Driver     string   `json:"driver" doc:"storage-driver: the name of the CSI driver"`
	Agent      *Agent   `json:"agent" doc:"agent-status: how the agent is asked"`
}

// An Agent is how the addon's agent on a node is asked how it is.
type Agent struct {
	Container string    `json:"container" required:"true" doc:"of the pods of a DaemonSet: where the agent runs"`
	Format    string    `json:"format" required:"true" enum:"calico,cilium,flannel,weave" doc:"who understands what it says"`
	Commands  []Command `json:"commands" doc:"run in the container, one after the other"`
	OwnProbes bool      `json:"ownProbes" doc:"what is run are the commands of the container's own liveness and readiness probes, as the pod has them"`
}

// A Command is run in a container.
type Command struct {
	Run []string `json:"run" required:"true" doc:"program and arguments"`
	Or  []string `json:"or" doc:"what is run where the container has no such program"`
}

// Deadline returns the timeout; 0 where there is none.
func (p Probe) Deadline() time.Duration {
	d, _ := time.ParseDuration(p.Timeout) // Load has refused what cannot be parsed
	return d
}

// verify checks what depends on the name: each trial has what it cannot be made without, and no more.
func (p Probe) verify() *place {
	known := p.Name == "node-metrics" || p.Name == "node-conditions" || p.Name == "storage-driver"
	most := time.Minute
	if p.Name == "storage-claim" {
		most = 10 * time.Minute // a cloud moves a disk from one machine to another in minutes
	}
	d, err := time.ParseDuration(p.Timeout)
	switch {
	case known && p.Timeout != "":
		return &place{"timeout", errors.New("is for trials that are made in pods; remove it")}
	case !known && (err != nil || d < time.Second || d > most):
		return &place{"timeout", fmt.Errorf("is %q; give a time from 1s to %.0fm", p.Timeout, most.Minutes())}
	case (p.Name == "ingress-route") != (p.Class != ""):
		return &place{"class", errors.New("belongs to ingress-route, and there it must be")}
	case (p.Name == "node-conditions") != (len(p.Conditions) > 0):
		return &place{"conditions", errors.New("belong to node-conditions, and there they must be")}
	case (p.Name == "storage-driver") != (p.Driver != ""):
		return &place{"driver", errors.New("belongs to storage-driver, and there it must be")}
	case (p.Name == "agent-status") != (p.Agent != nil):
		return &place{"agent", errors.New("belongs to agent-status, and there it must be")}
	case p.Agent != nil:
		return p.Agent.verify()
	}
	return nil
}

func (a Agent) verify() *place {
	if a.OwnProbes == (len(a.Commands) > 0) {
		return &place{"agent", errors.New("has both commands and ownProbes, or neither; give one of them")}
	}
	for i, c := range a.Commands {
		switch {
		case len(c.Run) == 0 || c.Run[0] == "":
			return &place{fmt.Sprintf("agent.commands[%d].run", i), errors.New("has no program; write one")}
		case len(c.Or) > 0 && c.Or[0] == c.Run[0]:
			return &place{fmt.Sprintf("agent.commands[%d].or", i), fmt.Errorf("runs %s as well; name another program, or remove it", c.Or[0])}
		}
	}
	return nil
}
