package fitout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/probes"
)

// askAgents asks the agents of all nodes at once, each in its own container. One that hangs costs the time of its commands.
func askAgents(ctx context.Context, cluster Prober, questions []probes.AgentQuery) map[string]probes.AgentOutput {
	outputs := concurrent.Map(connectionsAtOnce, questions, func(q probes.AgentQuery) probes.AgentOutput { return askAgent(ctx, cluster, q) })
	byID := map[string]probes.AgentOutput{}
	for i, q := range questions {
		byID[q.ID] = outputs[i]
	}
	return byID
}

// askAgent runs the commands of a question, one after the other, until one cannot be run.
func askAgent(ctx context.Context, cluster Prober, q probes.AgentQuery) (reply probes.AgentOutput) {
	for _, c := range q.Commands {
		out, err := runEither(ctx, cluster, q, c)
		switch {
		case errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil:
			return probes.AgentOutput{TimedOut: fmt.Sprintf("does not answer: %s in pod %s has not ended within %v", strings.Join(c.Run, " "), q.Pod.Name, q.Timeout+connecting)}
		case err != nil:
			return probes.AgentOutput{NotRun: err.Error()}
		}
		reply.Outputs = append(reply.Outputs, out)
	}
	return reply
}

// runEither runs a command, or its other form where the container has no program of the first.
func runEither(ctx context.Context, cluster Prober, q probes.AgentQuery, c bundle.Command) (agent.Output, error) {
	out, err := runOne(ctx, cluster, q, c.Run)
	if agent.Lacks(out, err) && len(c.Or) > 0 {
		out, err = runOne(ctx, cluster, q, c.Or)
	}
	if err == nil && agent.Lacks(out, nil) {
		err = fmt.Errorf("container %s of pod %s has no program %s", q.Container, q.Pod.Name, c.Run[0])
	}
	return out, err
}

func runOne(ctx context.Context, cluster Prober, q probes.AgentQuery, command []string) (agent.Output, error) {
	ctx, cancel := context.WithTimeout(ctx, q.Timeout+connecting)
	defer cancel()
	return cluster.Run(ctx, q.Pod, q.Container, command)
}
