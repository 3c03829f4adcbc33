package probes

import (
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
)

// stuck are the reasons for which a container waits forever.
var stuck = []string{
	"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "CreateContainerConfigError", "CreateContainerError",
	"RunContainerError", "CrashLoopBackOff",
}

// imageTrouble are those that say something of the image and nothing of the cluster.
var imageTrouble = stuck[:4]

// PodsStarted reports whether every node that is to run probe pods has ready ones, or ones that will not become so.
func (s Survey) PodsStarted() bool {
	s = s.indexed()
	nodes, _ := s.probeNodes()
	for _, n := range nodes {
		for _, role := range []string{probe.Asker, probe.Peer} {
			if pod := s.probePod(n.Name, role); pod == nil || !observed.PodReady(pod) && waiting(pod, stuck) == "" {
				return false
			}
		}
	}
	return true
}

// waiting returns the reason among the given ones for which a container of the pod waits; empty where there is none.
func waiting(p *corev1.Pod, reasons []string) string {
	for _, c := range p.Status.ContainerStatuses {
		if w := c.State.Waiting; w != nil && slices.Contains(reasons, w.Reason) {
			return w.Reason
		}
	}
	return ""
}

// JudgePods judges whether the pods of the probes run. Without an image their verdict is unknown; that a node cannot start
// a pod although it has the image is a fault of the node. Where probes are required, whatever keeps them away is a failure.
func (s Survey) JudgePods(required bool) check.Row {
	s = s.indexed()
	absent, remedy := check.Unknown, ""
	switch {
	case required:
		absent, remedy = check.Failed, "give an image that the nodes can pull with --probe-image"
	case s.Environment.Declined:
		absent = check.Skipped
	}
	switch {
	case len(s.SortedNodes()) == 0:
		return check.Row{Check: ProbePods, Verdict: check.Pending, Detail: "waits for nodes"}
	case s.Environment.NoPods != "":
		return check.Row{Check: ProbePods, Verdict: absent, Detail: s.Environment.NoPods, Remedy: remedy}
	}
	nodes, others := s.probeNodes()
	row := check.Row{Check: ProbePods, Verdict: check.Good}
	var missing []string
	for _, n := range nodes {
		cause, remedy, fault := s.withoutPods(n.Name)
		if cause == "" {
			row.Nodes = append(row.Nodes, check.NodeResult{Node: n.Name, Verdict: check.Good, Detail: "runs the probe"})
			continue
		}
		missing = append(missing, cause)
		verdict := absent
		if fault {
			verdict = check.Failed
		}
		row.Nodes = append(row.Nodes, check.NodeResult{Node: n.Name, Verdict: verdict, Detail: cause})
		row.Verdict = check.Worse(row.Verdict, verdict)
		if row.Remedy == "" {
			row.Remedy = remedy
			row.About = s.notReady(n.Name)
		}
	}
	running := len(nodes) - len(missing)
	if row.Verdict == check.Failed {
		row.Verdict = check.PartlyMet(running)
	}
	row.Detail = fmt.Sprintf("%d of %d nodes run the probe", running, len(nodes))
	if len(missing) > 0 {
		row.Detail += "; " + printable.FirstFew(missing)
	}
	if len(others) > 0 {
		row.Detail += "; without one: " + printable.FirstFew(others)
	}
	if len(s.Environment.Kept) > 0 {
		row.Detail += "; " + printable.FirstFew(s.Environment.Kept)
	}
	return row
}

// withoutPods says why a node lacks a ready probe pod; cause is empty where it has both.
func (s Survey) withoutPods(node string) (cause, remedy string, fault bool) {
	for _, role := range []string{probe.Asker, probe.Peer} {
		if cause, remedy, fault = s.notRunning(node, role); cause != "" {
			break
		}
	}
	return cause, remedy, fault
}

// notReady is the first pod of a node that is not ready, or the DaemonSet that gave it none.
func (s Survey) notReady(node string) manifest.ID {
	for _, role := range []string{probe.Asker, probe.Peer} {
		switch pod := s.probePod(node, role); {
		case pod == nil:
			return manifest.ID{Group: "apps", Kind: "DaemonSet", Namespace: s.Environment.Namespace, Name: role}
		case !observed.PodReady(pod):
			return manifest.ID{Kind: "Pod", Namespace: pod.Namespace, Name: pod.Name}
		}
	}
	return manifest.ID{}
}

// WithProbePods is what was observed, with the pods that probes are made from and what creates them.
func (s Survey) WithProbePods() observed.Snapshot {
	staged := s.WithPods(s.Environment.Pods)
	if s.Environment.Namespace == "" {
		return staged
	}
	staged.Objects = map[manifest.ID]*manifest.Object{}
	maps.Copy(staged.Objects, s.Objects)
	for _, role := range []string{probe.Asker, probe.Peer} {
		o := &manifest.Object{Object: map[string]any{"apiVersion": "apps/v1", "kind": "DaemonSet", "metadata": map[string]any{"name": role, "namespace": s.Environment.Namespace}}}
		staged.Objects[manifest.IDOf(o)] = o
	}
	return staged
}

// notRunning says why a node has no ready pod of a role; fault is whether the cluster is to blame.
func (s Survey) notRunning(node, role string) (cause, remedy string, fault bool) {
	pod := s.probePod(node, role)
	if pod == nil {
		return node + " was given no pod", "see what refuses it: kubectl get events -A", false
	}
	if observed.PodReady(pod) {
		return "", "", false
	}
	cause, remedy = s.PodCause(pod)
	return cause, remedy, waiting(pod, imageTrouble) == ""
}
