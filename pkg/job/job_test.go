package job_test

import (
	"encoding/json"
	"slices"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/job"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

var options = job.Options{Name: "fitout-eu-1", Namespace: "fitout", Image: "registry.example.com/fitout@sha256:00", Args: []string{"up"},
	ClusterFile: "kind: Cluster\n", Kubeconfig: job.Secret{Name: "eu-1-kubeconfig", Key: "value"}, Deadline: time.Hour, Tries: 6, Pull: []string{"regcred"}}

func jobOf(t *testing.T, o job.Options) batchv1.JobSpec {
	t.Helper()
	objects, err := job.Objects(o)
	if err != nil {
		t.Fatal(err)
	}
	last := objects[len(objects)-1]
	text, err := json.Marshal(last)
	if err != nil {
		t.Fatal(err)
	}
	if last.GetKind() == "CronJob" {
		var cron batchv1.CronJob
		if err := json.Unmarshal(text, &cron); err != nil {
			t.Fatal(err)
		}
		return cron.Spec.JobTemplate.Spec
	}
	var j batchv1.Job
	if err := json.Unmarshal(text, &j); err != nil {
		t.Fatal(err)
	}
	return j.Spec
}

// What becomes of each exit code of fitout: tried again, tried again without counting, or the end.
func TestExitCodes(t *testing.T) {
	actions := map[int32]batchv1.PodFailurePolicyAction{}
	for _, rule := range jobOf(t, options).PodFailurePolicy.Rules {
		if rule.OnExitCodes != nil {
			if *rule.OnExitCodes.ContainerName != job.Container {
				t.Errorf("a rule for container %s", *rule.OnExitCodes.ContainerName)
			}
			for _, code := range rule.OnExitCodes.Values {
				actions[code] = rule.Action
			}
		}
	}
	for code, want := range map[int32]batchv1.PodFailurePolicyAction{1: "", 2: batchv1.PodFailurePolicyActionFailJob, 3: batchv1.PodFailurePolicyActionIgnore, 4: "", 5: batchv1.PodFailurePolicyActionFailJob} {
		if actions[code] != want {
			t.Errorf("exit code %d: %q, want %q", code, actions[code], want)
		}
	}
}

// In a management cluster the pod is of the restricted level (Kubernetes, "Pod Security Standards"), and has no token.
func TestRestricted(t *testing.T) {
	pod := jobOf(t, options).Template.Spec
	c := pod.Containers[0]
	if pod.HostNetwork || *pod.AutomountServiceAccountToken || !*pod.SecurityContext.RunAsNonRoot || pod.SecurityContext.SeccompProfile.Type != corev1.SeccompProfileTypeRuntimeDefault ||
		*c.SecurityContext.AllowPrivilegeEscalation || !slices.Equal(c.SecurityContext.Capabilities.Drop, []corev1.Capability{"ALL"}) || pod.RestartPolicy != corev1.RestartPolicyNever {
		t.Errorf("%+v\n%+v", pod.SecurityContext, c.SecurityContext)
	}
	for _, v := range pod.Volumes {
		if v.ConfigMap == nil && v.Secret == nil {
			t.Errorf("volume %s is of a kind that is not wanted", v.Name)
		}
	}
	if !slices.Contains(c.Args, "--kubeconfig=/etc/fitout-kubeconfig/value") || !slices.Contains(c.Args, "--file=/etc/fitout/cluster.yaml") || pod.ImagePullSecrets[0].Name != "regcred" {
		t.Errorf("%v", c.Args)
	}
}

// In the cluster itself it needs no network of pods, no Service and no node that is ready.
func TestInside(t *testing.T) {
	o := options
	o.Kubeconfig, o.Endpoint, o.Account, o.Schedule = job.Secret{}, "https://[2001:db8::1]:6443", "fitout-check", "@hourly"
	spec := jobOf(t, o)
	pod := spec.Template.Spec
	env := pod.Containers[0].Env
	if !pod.HostNetwork || pod.DNSPolicy != corev1.DNSDefault || pod.ServiceAccountName != "fitout-check" || !*pod.AutomountServiceAccountToken ||
		len(pod.Tolerations) != 1 || pod.Tolerations[0].Operator != corev1.TolerationOpExists || env[0].Value != "2001:db8::1" || env[1].Value != "6443" {
		t.Errorf("%+v", pod)
	}
	if *spec.ActiveDeadlineSeconds != 3600 || *spec.BackoffLimit != 6 {
		t.Errorf("%+v", spec)
	}
	o.Endpoint = "nowhere"
	if _, err := job.Objects(o); err == nil {
		t.Error("an endpoint that is no URL was taken")
	}
}
