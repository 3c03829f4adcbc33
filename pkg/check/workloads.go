package check

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// expecting returns a DaemonSet as it would be if its controller wanted no more than a number of pods.
func expecting(live *manifest.Object, pods int) *manifest.Object {
	desired, found, err := unstructured.NestedInt64(live.Object, "status", "desiredNumberScheduled")
	if err != nil || !found || desired <= int64(pods) {
		return live
	}
	return with(live, "desiredNumberScheduled", int64(pods))
}

// with returns a copy of an object whose status has a certain number.
func with(live *manifest.Object, name string, n int64) *manifest.Object {
	live = live.DeepCopy()
	if err := unstructured.SetNestedField(live.Object, n, "status", name); err != nil {
		return live // its status is none: kstatus says so
	}
	return live
}

// judgeDaemonSet judges a DaemonSet by kstatus and by the nodes that it should be on: each must have a ready pod of it.
func judgeDaemonSet(s observed.Snapshot, rendered, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	template, err := observed.WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	if detail, yes := s.AwaitsWorkers(template.PodTemplateSpec); yes {
		return Pending, detail, ""
	}
	nodes, refused := s.EligibleNodes(template.PodTemplateSpec)
	result, err := status.Compute(replacedByHand(rendered, withoutVirtualNodes(s, live, len(nodes))))
	if err != nil {
		return unreadable(live, err)
	}
	if len(nodes) == 0 && len(refused) > 0 {
		return Failed, "0/0, no node takes its pods: " + refused[0].String(), TaintRemedy
	}
	pods := s.PodsMatching(live.GetNamespace(), template.Selector)
	missing := observed.NodesWithoutReadyPod(pods, nodes)
	detail := fmt.Sprintf("%d/%d", len(nodes)-len(missing), len(nodes))
	switch {
	case len(missing) > 0:
		cause, remedy := s.CauseOnNodes(missing, pods)
		if remedy == "" {
			remedy = observed.DescribeCommand(live)
		}
		return PartlyMet(len(nodes) - len(missing)), detail + ", " + cause, remedy
	case result.Status != status.CurrentStatus:
		return rollingOut(s, live, detail, result, pods)
	case len(nodes) == 0:
		return Good, detail + ", no node matches its node selector", ""
	}
	return Good, detail, ""
}

// withoutVirtualNodes returns a DaemonSet as it would be without virtual nodes: its controller wants pods there, too.
func withoutVirtualNodes(s observed.Snapshot, live *manifest.Object, machines int) *manifest.Object {
	if s.CountNodes(observed.Virtual) == 0 {
		return live
	}
	return expecting(live, machines)
}

// replacedByHand returns a DaemonSet as it would be if all its pods were of its newest revision, where somebody is wanted to delete
// the older ones. One that somebody else has given that strategy is rolling out, and stands still.
func replacedByHand(rendered, live *manifest.Object) *manifest.Object {
	desired, found, err := unstructured.NestedInt64(live.Object, "status", "desiredNumberScheduled")
	if err != nil || !found || !onDelete(rendered) || !onDelete(live) {
		return live
	}
	return with(live, "updatedNumberScheduled", desired)
}

// onDelete reports whether a workload's pods are replaced as somebody deletes them.
func onDelete(o *manifest.Object) bool {
	strategy, _, _ := unstructured.NestedString(o.Object, "spec", "updateStrategy", "type")
	return strategy == string(appsv1.OnDeleteDaemonSetStrategyType)
}

// standstill is why a rollout does not go on by itself, and what makes it go on.
func standstill(live *manifest.Object) (why, remedy string) {
	if paused, _, _ := unstructured.NestedBool(live.Object, "spec", "paused"); paused {
		return "somebody has paused it", fmt.Sprintf("kubectl rollout resume -n %s deployment %s", live.GetNamespace(), live.GetName())
	}
	if onDelete(live) {
		return "its update strategy is OnDelete", "run fitout apply, which sets the strategy, or delete the old pods"
	}
	return "", ""
}

// TaintRemedy is the remedy where taints keep every pod away.
const TaintRemedy = "remove the taint, or let the addon tolerate it"

// rollingOut judges a workload that has all the ready pods that it needs, not all of them of its newest revision. A new
// pod that cannot start is why a rollout hangs; old ones that go belong to it.
func rollingOut(s observed.Snapshot, live *manifest.Object, detail string, result *status.Result, pods []*corev1.Pod) (Verdict, string, string) {
	state, remedy := "rolling out", "wait for the rollout"
	if result.Status == status.FailedStatus {
		state, remedy = "the rollout has failed", observed.DescribeCommand(live)
	}
	detail += ", " + state + ": " + result.Message
	if why, resume := standstill(live); why != "" {
		return Degraded, detail + ", " + why, resume
	}
	coming, _ := s.UnreadyPods(pods)
	if cause, podRemedy := s.Cause(coming); cause != "" {
		return Degraded, detail + ", " + cause, podRemedy
	}
	return Degraded, detail, remedy
}

// judgeReplicated judges a workload with a number of replicas by kstatus.
func judgeReplicated(s observed.Snapshot, rendered, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	result, err := status.Compute(live)
	if err != nil {
		return unreadable(live, err)
	}
	template, err := observed.WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	want := observed.Replicas(live)
	if asked := observed.Replicas(rendered); want == 0 && asked > 0 {
		return Failed, fmt.Sprintf("0/%d, somebody scaled it to 0", asked), "run fitout apply"
	}
	ready, _, _ := unstructured.NestedInt64(live.Object, "status", "readyReplicas")
	detail := fmt.Sprintf("%d/%d", ready, want)
	pods := s.PodsMatching(live.GetNamespace(), template.Selector)
	if waits, yes := s.AwaitsWorkers(template.PodTemplateSpec); yes && ready < want {
		return Pending, waits, ""
	}
	switch {
	case ready < want:
		cause, remedy := replicaCause(s, live, pods, result)
		return PartlyMet(int(ready)), detail + ", " + cause, remedy
	case result.Status != status.CurrentStatus:
		return rollingOut(s, live, detail, result, pods)
	}
	return Good, detail, ""
}

// replicaCause returns why replicas are not ready: none can be created, or the cause of a pod.
func replicaCause(s observed.Snapshot, live *manifest.Object, pods []*corev1.Pod, result *status.Result) (cause, remedy string) {
	if failure := observed.Condition(live, "ReplicaFailure"); failure["status"] == "True" {
		return "no pod can be created: " + printable.Short(observed.String(failure["message"])), "fix what the message reports"
	}
	if cause, remedy = s.Cause(pods); cause != "" {
		return cause, remedy
	}
	switch ready, _, _ := unstructured.NestedInt64(live.Object, "status", "readyReplicas"); {
	case len(pods) == 0 && ready == 0:
		return "no pod yet", observed.DescribeCommand(live)
	case result.Status == status.CurrentStatus:
		return "not all are ready", observed.DescribeCommand(live)
	}
	return result.Message, observed.DescribeCommand(live)
}

// judgeJob judges a Job. For kstatus it is current as soon as it runs; what is applied after it needs it complete.
func judgeJob(s observed.Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	complete, failed := observed.Condition(live, "Complete"), observed.Condition(live, "Failed")
	switch {
	case complete["status"] == "True":
		return Good, "is complete", ""
	case failed["status"] == "True":
		return Failed, fmt.Sprintf("has failed: %s: %s", observed.String(failed["reason"]), printable.Short(observed.String(failed["message"]))), observed.DescribeCommand(live)
	case len(s.SortedNodes()) == 0:
		return Pending, "waits for nodes", ""
	}
	template, err := observed.WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	if cause, remedy := s.Cause(s.PodsMatching(live.GetNamespace(), template.Selector)); cause != "" {
		return Failed, "has not finished: " + cause, remedy
	}
	return Failed, "has not finished", observed.DescribeCommand(live)
}

// judgePod judges a pod that no controller keeps.
func judgePod(s observed.Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	var p corev1.Pod
	if err := manifest.Into(live.Object, &p); err != nil {
		return unreadable(live, err)
	}
	switch {
	case observed.PodReady(&p):
		return Good, "is ready", ""
	case len(s.SortedNodes()) == 0:
		return Pending, "waits for nodes", ""
	}
	cause, remedy := s.PodCause(&p)
	return Failed, cause, remedy
}
