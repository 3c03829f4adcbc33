// Package job writes the Kubernetes Job that fits out a cluster, and the CronJob that checks one, as objects.
package job

import (
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// Options say what runs where.
type Options struct {
	Name      string // of the Job
	Namespace string
	Image     string // by digest
	Args      []string

	ClusterFile string // its text; "" for none
	Kubeconfig  Secret // of the cluster; none in a Job of the cluster itself
	Endpoint    string // URL of the API server for a Job of the cluster itself, which has no Services yet
	Account     string // ServiceAccount of a Job of the cluster itself

	Schedule string        // of a CronJob, as cron writes it; "" for a Job
	Deadline time.Duration // of one Job
	Tries    int           // after which a Job has failed
	Pull     []string      // Secrets for pulling the image
}

// A Secret is a key of a Secret that holds a kubeconfig.
type Secret struct{ Name, Key string }

// Container is the name of the container, which the policy for failed pods names.
const Container = "fitout"

const (
	filesDir      = "/etc/fitout"
	kubeconfigDir = "/etc/fitout-kubeconfig"
)

// Objects returns the objects of the options: a ConfigMap with the cluster file, and the Job or CronJob.
func Objects(o Options) ([]*manifest.Object, error) {
	spec, err := o.spec()
	if err != nil {
		return nil, err
	}
	var all []*manifest.Object
	if o.ClusterFile != "" {
		all = append(all, o.object("v1", "ConfigMap", map[string]any{"data": map[string]any{"cluster.yaml": o.ClusterFile}}))
	}
	if o.Schedule == "" {
		return append(all, o.object("batch/v1", "Job", map[string]any{"spec": spec})), nil
	}
	return append(all, o.object("batch/v1", "CronJob", map[string]any{"spec": map[string]any{
		"schedule": o.Schedule, "concurrencyPolicy": "Forbid", "successfulJobsHistoryLimit": int64(1), "failedJobsHistoryLimit": int64(3),
		"jobTemplate": map[string]any{"spec": spec},
	}})), nil
}

func (o Options) object(version, kind string, fields map[string]any) *manifest.Object {
	object := map[string]any{"apiVersion": version, "kind": kind, "metadata": map[string]any{
		"name": o.Name, "namespace": o.Namespace, "labels": o.labels(),
	}}
	for key, value := range fields {
		object[key] = value
	}
	return &manifest.Object{Object: object}
}

func (o Options) labels() map[string]any {
	return map[string]any{"app.kubernetes.io/name": "fitout", "app.kubernetes.io/instance": o.Name}
}

// spec is that of a Job. What can pass by itself is tried again: a failure, a cluster that works in part, and, without counting, one that
// has no nodes yet. Invalid input (2) and a refusal (5) end it: a person decides.
func (o Options) spec() (map[string]any, error) {
	pod, err := o.pod()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"backoffLimit": int64(o.Tries), "activeDeadlineSeconds": int64(o.Deadline.Seconds()), "ttlSecondsAfterFinished": int64(24 * 3600),
		"podFailurePolicy": map[string]any{"rules": []any{
			onExit("FailJob", 2, 5),
			onExit("Ignore", 3),
			map[string]any{"action": "Ignore", "onPodConditions": []any{map[string]any{"type": "DisruptionTarget", "status": "True"}}},
		}},
		"template": map[string]any{"metadata": map[string]any{"labels": o.labels()}, "spec": pod},
	}, nil
}

func onExit(action string, codes ...int64) map[string]any {
	values := []any{}
	for _, c := range codes {
		values = append(values, c)
	}
	return map[string]any{"action": action, "onExitCodes": map[string]any{"containerName": Container, "operator": "In", "values": values}}
}

// pod is a pod of the restricted level of pod security, but for the host's network where the cluster has no other yet.
func (o Options) pod() (map[string]any, error) {
	var mounts, volumes []any
	mount := func(name, path string, volume map[string]any) {
		volume["name"] = name
		volumes = append(volumes, volume)
		mounts = append(mounts, map[string]any{"name": name, "mountPath": path, "readOnly": true})
	}
	args := []any{}
	for _, a := range o.Args {
		args = append(args, a)
	}
	if o.ClusterFile != "" {
		mount("cluster-file", filesDir, map[string]any{"configMap": map[string]any{"name": o.Name}})
		args = append(args, "--file="+filesDir+"/cluster.yaml")
	}
	pod := map[string]any{
		"restartPolicy": "Never", "automountServiceAccountToken": false,
		"securityContext": map[string]any{"runAsNonRoot": true, "runAsUser": int64(65532), "runAsGroup": int64(65532), "fsGroup": int64(65532), "seccompProfile": map[string]any{"type": "RuntimeDefault"}},
	}
	container := map[string]any{
		"name": Container, "image": o.Image,
		"securityContext": map[string]any{"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "capabilities": map[string]any{"drop": []any{"ALL"}}},
		"resources":       map[string]any{"requests": map[string]any{"cpu": "50m", "memory": "96Mi"}, "limits": map[string]any{"memory": "384Mi"}},
	}
	if o.Kubeconfig.Name != "" {
		mount("kubeconfig", kubeconfigDir, map[string]any{"secret": map[string]any{"secretName": o.Kubeconfig.Name, "defaultMode": int64(0o440)}})
		args = append(args, "--kubeconfig="+kubeconfigDir+"/"+o.Kubeconfig.Key)
	} else if err := o.inside(pod, container); err != nil {
		return nil, err
	}
	if len(o.Pull) > 0 {
		var secrets []any
		for _, name := range o.Pull {
			secrets = append(secrets, map[string]any{"name": name})
		}
		pod["imagePullSecrets"] = secrets
	}
	container["args"] = args
	if mounts != nil {
		container["volumeMounts"], pod["volumes"] = mounts, volumes
	}
	pod["containers"] = []any{container}
	return pod, nil
}

// inside lets the pod run in the cluster that it fits out: on the host's network, since there is no other yet, on any node, and against the
// API server's own address, since no Service has one yet.
func (o Options) inside(pod, container map[string]any) error {
	u, err := url.Parse(o.Endpoint)
	if err != nil || u.Hostname() == "" {
		return fmt.Errorf("the API endpoint %q is no URL", o.Endpoint)
	}
	port := u.Port()
	if port == "" {
		port = "443"
	}
	pod["serviceAccountName"], pod["automountServiceAccountToken"] = o.Account, true
	pod["hostNetwork"], pod["dnsPolicy"] = true, "Default"
	pod["tolerations"] = []any{map[string]any{"operator": "Exists"}}
	pod["priorityClassName"] = "system-cluster-critical"
	container["env"] = []any{
		map[string]any{"name": "KUBERNETES_SERVICE_HOST", "value": strings.Trim(u.Hostname(), "[]")},
		map[string]any{"name": "KUBERNETES_SERVICE_PORT", "value": port},
	}
	return nil
}
