//go:build linux

package clusterbed_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

// probe is a pod of the DaemonSet with which the network is tried.
type probe struct{ ip, container string }

// dataPath tries the network from a pod on each node, and from the nodes.
func (f *fixture) dataPath(t *testing.T) {
	f.makeProbes(t)
	for _, from := range f.nodes() {
		f.inPod(t, from, "10.32.0.1", "lookup", "kubernetes.default.svc.cluster.local")
		f.inPod(t, from, "probe on", "get", "http://probe.default.svc.cluster.local:8080/")
		for _, to := range f.nodes() {
			f.inPod(t, from, "probe on "+to, "get", "http://"+to+":8080/") // the pod there: see inPod
		}
		eventually(t, time.Minute, func(ctx context.Context) string {
			out, err := f.bed.Exec(ctx, from, "probe", "get", "http://"+probeService+":8080/")
			return unless(out, err, "probe on")
		})
	}
	if f.ingress != "none" {
		f.hostPorts(t)
	}
}

// probeService is the address of the Service of the probes.
const probeService = "10.32.8.8"

// makeProbes makes the DaemonSet and its Service unless they are there.
func (f *fixture) makeProbes(t *testing.T) {
	for path, object := range probeObjects() {
		f.create(t, path, object)
	}
	eventually(t, 90*time.Second, func(ctx context.Context) string {
		found, err := f.readyProbes(ctx)
		if err != nil {
			return err.Error()
		}
		if len(found) != len(f.nodes()) {
			return fmt.Sprintf("%d probes are ready", len(found))
		}
		return ""
	})
}

// create makes an object unless it is there. A Service with an address of its
// own is refused for that address when it is.
func (f *fixture) create(t *testing.T, path string, object any) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) string {
		err := f.bed.Do(ctx, http.MethodPost, path, object, nil)
		if err != nil && !strings.Contains(err.Error(), "AlreadyExists") && !strings.Contains(err.Error(), "already allocated") {
			return err.Error()
		}
		return ""
	})
}

// readyProbes returns the ready probe of each node.
func (f *fixture) readyProbes(ctx context.Context) (map[string]probe, error) {
	var list struct {
		Items []struct {
			Metadata struct {
				DeletionTimestamp string
			}
			Spec   struct{ NodeName string }
			Status struct {
				PodIP             string
				ContainerStatuses []struct {
					Ready       bool
					ContainerID string
				}
			}
		}
	}
	if err := f.bed.Get(ctx, "/api/v1/namespaces/default/pods?labelSelector=app%3Dprobe", &list); err != nil {
		return nil, err
	}
	found := map[string]probe{}
	for _, pod := range list.Items {
		for _, status := range pod.Status.ContainerStatuses {
			if status.Ready && pod.Metadata.DeletionTimestamp == "" {
				id := strings.TrimPrefix(status.ContainerID, "containerd://")
				found[pod.Spec.NodeName] = probe{ip: pod.Status.PodIP, container: id}
			}
		}
	}
	return found, nil
}

func probeObjects() map[string]any {
	type object = map[string]any
	labels := object{"app": "probe"}
	return map[string]any{
		"/apis/apps/v1/namespaces/default/daemonsets": object{
			"metadata": object{"name": "probe"},
			"spec": object{"selector": object{"matchLabels": labels}, "template": object{
				"metadata": object{"labels": labels},
				"spec": object{"terminationGracePeriodSeconds": 0, "containers": []object{{
					"name": "probe", "image": clusterbed.ToolsImage, "args": []string{"serve", ":8080"},
					"env":            []object{{"name": "NODE", "valueFrom": object{"fieldRef": object{"fieldPath": "spec.nodeName"}}}},
					"readinessProbe": object{"httpGet": object{"path": "/", "port": 8080}, "periodSeconds": 1},
				}}},
			}},
		},
		"/api/v1/namespaces/default/services": object{
			"metadata": object{"name": "probe"},
			"spec":     object{"clusterIP": probeService, "selector": labels, "ports": []object{{"port": 8080}}},
		},
	}
}

// inPod runs the probe's program in the probe of a node until its output holds
// what is wanted: endpoints and rules follow the readiness of pods by seconds,
// and after the restart of a node the API server knows the old containers for
// a while. A node's name in a URL stands for the address of the probe there.
func (f *fixture) inPod(t *testing.T, node, want, verb, what string) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) string {
		found, err := f.readyProbes(ctx)
		if err != nil {
			return err.Error()
		}
		target := what
		for name, p := range found {
			target = strings.Replace(target, "//"+name+":", "//"+p.ip+":", 1)
		}
		id := fmt.Sprintf("probe-%d", time.Now().UnixNano())
		out, err := f.bed.Exec(ctx, node, "ctr", "-n", "k8s.io", "tasks", "exec", "--exec-id", id, found[node].container, "/bin/probe", verb, target)
		return unless(out, err, want)
	})
}

// unless returns why an output is not as wanted, or "".
func unless(out string, err error, want string) string {
	if err != nil {
		return err.Error()
	}
	if !strings.Contains(out, want) {
		return fmt.Sprintf("printed %q, expected %q in it", out, want)
	}
	return ""
}
