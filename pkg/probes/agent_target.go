package probes

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
)

// A agentTarget is a node on which an agent is to be.
type agentTarget struct {
	node       *corev1.Node
	ready      bool
	pod        *corev1.Pod // in which the agent runs; nil where it does not
	why        string      // it does not run
	commands   []bundle.Command
	noCommands string // why there is nothing to ask
}

// agentSets returns the DaemonSets of an addon that have the container in which its agent is asked.
func agentSets(a render.Addon, container string) []daemonSet {
	var sets []daemonSet
	for _, o := range a.Objects {
		if o.GetKind() != "DaemonSet" {
			continue
		}
		template, err := observed.WorkloadOf(o) // the check ready tells of one that cannot be read
		if err == nil && slices.ContainsFunc(template.Spec.Containers, func(c corev1.Container) bool { return c.Name == container }) {
			sets = append(sets, daemonSet{o.GetNamespace(), template})
		}
	}
	return sets
}

type daemonSet struct {
	namespace string
	observed.Workload
}

// findAgent finds the agent of a node among the pods of its DaemonSet there.
func findAgent(n *corev1.Node, pods []*corev1.Pod, a bundle.Agent) agentTarget {
	p := agentTarget{node: n, why: "runs no pod of its DaemonSet", commands: a.Commands}
	p.ready, _ = observed.NodeReady(n)
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil {
			continue
		}
		if p.why = stopped(pod, a.Container); p.why == "" {
			p.pod = pod
			break
		}
	}
	if a.OwnProbes && p.pod != nil {
		if p.commands = ownProbes(p.pod, a.Container); len(p.commands) == 0 {
			p.noCommands = "its pod " + p.pod.Name + " has no probe that is a command"
		}
	}
	return p
}

// stopped says why no command can be run in a container; it is empty where one can.
func stopped(pod *corev1.Pod, container string) string {
	for _, c := range pod.Status.ContainerStatuses {
		switch {
		case c.Name != container:
		case c.State.Running != nil:
			return ""
		case c.State.Waiting != nil:
			return fmt.Sprintf("runs no agent: container %s of pod %s waits (%s)", container, pod.Name, c.State.Waiting.Reason)
		}
	}
	return fmt.Sprintf("runs no agent: container %s of pod %s does not run", container, pod.Name)
}

// ownProbes are the commands of a container's liveness and readiness probes.
func ownProbes(pod *corev1.Pod, container string) []bundle.Command {
	var commands []bundle.Command
	for _, c := range pod.Spec.Containers {
		for _, p := range []*corev1.Probe{c.LivenessProbe, c.ReadinessProbe} {
			if c.Name == container && p != nil && p.Exec != nil && len(p.Exec.Command) > 0 {
				commands = append(commands, bundle.Command{Run: p.Exec.Command})
			}
		}
	}
	return commands
}
