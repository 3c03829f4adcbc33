package probes

import (
	"time"

	"github.com/fitout-dev/fitout/pkg/agent"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// A AgentQuery is what the agent of a node is asked, in its own container.
type AgentQuery struct {
	ID        string // addon/probe/node
	Pod       corev1.Pod
	Container string
	Commands  []bundle.Command
	Timeout   time.Duration // of each command
}

// A AgentOutput is what an agent answered. Where it was not asked, or did not answer, one of the reasons says why.
type AgentOutput struct {
	Outputs  []agent.Output // in the order of the commands
	NotRun   string         // the command could not be run: a permission is missing, or the kubelet is not reached
	TimedOut string         // it did not end in time
}

// A DirectResult is what came of a call. Absent says why it could not be made; then nothing was learnt.
type DirectResult struct {
	probe.Result
	NotMade string
	// Conclusive says that a failure is the cluster's, not the transport's.
	Conclusive bool
}

// An PodResults is what one pod answered: results in the order of its tasks, or why it could not be asked.
type PodResults struct {
	Results []probe.Result
	Error   string
}

// Results are what came of asking.
type Results struct {
	Pods   map[string]PodResults   // by the name of the probe pod
	Agents map[string]AgentOutput  // by the ID of the question
	Calls  map[string]DirectResult // by the ID of the call
}
