package bundle

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Probe is one trial of what an addon is for. Package probes knows how each is made and judged; VerifyProbes holds them to that.
type Probe struct {
	Name       string   `json:"name" required:"true" doc:"which trial; docs/probes.md"`
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
	Format    string    `json:"format" required:"true" doc:"who understands what it says; docs/addons.md"`
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

// ProbeRules say which probes and agents there are. Package probes has them.
type ProbeRules struct {
	Kinds   map[string]ProbeKind // by name
	Formats []string             // of agents
}

// A ProbeKind is what a probe must have beside its name, and may not have otherwise.
type ProbeKind struct {
	Fields      []string // of timeout, class, conditions, driver and agent
	MostTimeout time.Duration
}

// VerifyProbes checks the probes that the addons declare against those that there are. The error joins everything that is wrong.
func (c *Catalogue) VerifyProbes(rules ProbeRules) error {
	var errs []error
	for _, name := range c.Names() {
		for i, p := range c.addons[name].Probes {
			for _, wrong := range p.verify(rules) {
				wrong.field = fmt.Sprintf("probes[%d].%s", i, wrong.field)
				errs = append(errs, c.locate(c.addonFile(name), wrong))
			}
		}
	}
	return errors.Join(errs...)
}

// verify checks that a probe has what it cannot be made without, and no more.
func (p Probe) verify(rules ProbeRules) []place {
	kind, known := rules.Kinds[p.Name]
	if !known {
		return []place{unknown("name", p.Name, slices.Sorted(maps.Keys(rules.Kinds)))}
	}
	var wrong []place
	for _, field := range []struct {
		name  string
		given bool
	}{{"timeout", p.Timeout != ""}, {"class", p.Class != ""}, {"conditions", len(p.Conditions) > 0}, {"driver", p.Driver != ""}, {"agent", p.Agent != nil}} {
		switch needed := slices.Contains(kind.Fields, field.name); {
		case needed && !field.given:
			wrong = append(wrong, place{field.name, fmt.Errorf("is missing, and %s cannot be made without it; add it", p.Name)})
		case !needed && field.given:
			wrong = append(wrong, place{field.name, fmt.Errorf("is not for %s; remove it", p.Name)})
		case field.name == "timeout" && needed:
			if d, err := time.ParseDuration(p.Timeout); err != nil || d < time.Second || d > kind.MostTimeout {
				wrong = append(wrong, place{"timeout", fmt.Errorf("is %q; give a time from 1s to %.0fm", p.Timeout, kind.MostTimeout.Minutes())})
			}
		}
	}
	if p.Agent != nil && !slices.Contains(rules.Formats, p.Agent.Format) {
		wrong = append(wrong, unknown("agent.format", p.Agent.Format, rules.Formats))
	}
	return wrong
}

func unknown(field, found string, known []string) place {
	return place{field, fmt.Errorf("is %q; %s", strictyaml.Clip(found), strictyaml.Suggest(found, known))}
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
