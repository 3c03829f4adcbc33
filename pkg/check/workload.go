package check

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fluxcd/cli-utils/pkg/kstatus/status"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// judgeDaemonSet judges a DaemonSet by kstatus and by the nodes that it should be on: each must have a ready pod of it.
func judgeDaemonSet(s Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	template, err := WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	if detail, yes := s.AwaitsWorkers(template.PodTemplateSpec); yes {
		return Pending, detail, ""
	}
	nodes, refused := s.EligibleNodes(template.PodTemplateSpec)
	result, err := status.Compute(withoutVirtualNodes(s, live, len(nodes)))
	if err != nil {
		return unreadable(live, err)
	}
	if len(nodes) == 0 && len(refused) > 0 {
		return Failed, "0/0, no node takes its pods: " + refused[0].String(), TaintRemedy
	}
	pods := s.PodsMatching(live.GetNamespace(), template.Selector)
	missing := NodesWithoutReadyPod(pods, nodes)
	detail := fmt.Sprintf("%d/%d", len(nodes)-len(missing), len(nodes))
	switch {
	case len(missing) > 0:
		cause, remedy := s.CauseOnNodes(missing, pods)
		if remedy == "" {
			remedy = DescribeCommand(live)
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
func withoutVirtualNodes(s Snapshot, live *manifest.Object, machines int) *manifest.Object {
	if s.CountNodes(Virtual) == 0 {
		return live
	}
	return expecting(live, machines)
}

// TaintRemedy is the remedy where taints keep every pod away.
const TaintRemedy = "remove the taint, or let the addon tolerate it"

// rollingOut judges a workload that has all the ready pods that it needs, not all of them of its newest revision. A new
// pod that cannot start is why a rollout hangs; old ones that go belong to it.
func rollingOut(s Snapshot, live *manifest.Object, detail string, result *status.Result, pods []*corev1.Pod) (Verdict, string, string) {
	state, remedy := "rolling out", "wait for the rollout"
	if result.Status == status.FailedStatus {
		state, remedy = "the rollout has failed", DescribeCommand(live)
	}
	detail += ", " + state + ": " + result.Message
	coming, _ := s.UnreadyPods(pods)
	if cause, podRemedy := s.Cause(coming); cause != "" {
		return Degraded, detail + ", " + cause, podRemedy
	}
	return Degraded, detail, remedy
}

// judgeReplicated judges a workload with a number of replicas by kstatus.
func judgeReplicated(s Snapshot, rendered, live *manifest.Object) (Verdict, string, string) {
	if len(s.SortedNodes()) == 0 {
		return Pending, "waits for nodes", ""
	}
	result, err := status.Compute(live)
	if err != nil {
		return unreadable(live, err)
	}
	template, err := WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	want := Replicas(live)
	if asked := Replicas(rendered); want == 0 && asked > 0 {
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
func replicaCause(s Snapshot, live *manifest.Object, pods []*corev1.Pod, result *status.Result) (cause, remedy string) {
	if failure := Condition(live, "ReplicaFailure"); failure["status"] == "True" {
		return "no pod can be created: " + Short(String(failure["message"])), "give what the message names"
	}
	if cause, remedy = s.Cause(pods); cause != "" {
		return cause, remedy
	}
	switch ready, _, _ := unstructured.NestedInt64(live.Object, "status", "readyReplicas"); {
	case len(pods) == 0 && ready == 0:
		return "no pod yet", DescribeCommand(live)
	case result.Status == status.CurrentStatus:
		return "not all are ready", DescribeCommand(live)
	}
	return result.Message, DescribeCommand(live)
}

// Replicas returns how many replicas a workload asks for; the API server's default is 1.
func Replicas(o *manifest.Object) int64 {
	n, found, _ := unstructured.NestedInt64(o.Object, "spec", "replicas")
	if !found {
		return 1
	}
	return n
}

// judgeJob judges a Job. For kstatus it is current as soon as it runs; what is applied after it needs it complete.
func judgeJob(s Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	complete, failed := Condition(live, "Complete"), Condition(live, "Failed")
	switch {
	case complete["status"] == "True":
		return Good, "is complete", ""
	case failed["status"] == "True":
		return Failed, fmt.Sprintf("has failed: %s: %s", String(failed["reason"]), Short(String(failed["message"]))), DescribeCommand(live)
	case len(s.SortedNodes()) == 0:
		return Pending, "waits for nodes", ""
	}
	template, err := WorkloadOf(live)
	if err != nil {
		return unreadable(live, err)
	}
	if cause, remedy := s.Cause(s.PodsMatching(live.GetNamespace(), template.Selector)); cause != "" {
		return Failed, "has not finished: " + cause, remedy
	}
	return Failed, "has not finished", DescribeCommand(live)
}

// judgePod judges a pod that no controller keeps.
func judgePod(s Snapshot, _, live *manifest.Object) (Verdict, string, string) {
	var p corev1.Pod
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(live.Object, &p); err != nil {
		return unreadable(live, err)
	}
	switch {
	case PodReady(&p):
		return Good, "is ready", ""
	case len(s.SortedNodes()) == 0:
		return Pending, "waits for nodes", ""
	}
	cause, remedy := s.PodCause(&p)
	return Failed, cause, remedy
}

func PartlyMet(ready int) Verdict {
	if ready > 0 {
		return Degraded
	}
	return Failed
}

// Workload is the part of a workload that the judge reads.
type Workload struct {
	corev1.PodTemplateSpec
	Selector *metav1.LabelSelector
}

// WorkloadOf returns the pod template and selector of a workload.
func WorkloadOf(o *manifest.Object) (Workload, error) {
	var d appsv1.Deployment // selector and template are alike in all kinds of workloads
	spec, _, err := unstructured.NestedMap(o.Object, "spec")
	if err != nil {
		return Workload{}, err
	}
	only := map[string]any{"spec": map[string]any{"selector": spec["selector"], "template": spec["template"]}}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(only, &d); err != nil {
		return Workload{}, err
	}
	return Workload{PodTemplateSpec: d.Spec.Template, Selector: d.Spec.Selector}, nil
}
