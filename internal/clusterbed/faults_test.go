//go:build linux

package clusterbed_test

import (
	"context"
	"fmt"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"
)

// faults does damage to node-2, one thing after the other. Each test shows that
// the damage is felt, and that the cluster comes back once it is undone, or by
// itself.
func (f *fixture) faults(t *testing.T) {
	t.Run("a killed kubelet comes back", f.kubeletKilled)
	t.Run("a killed addon comes back", f.addonKilled)
	t.Run("a killed node comes back", f.nodeComesBack)
}

// slowFaults take a minute more; make faults has them.
func (f *fixture) slowFaults(t *testing.T) {
	t.Run("a removed image", f.imageRemoved)
	t.Run("a taken port", f.portTaken)
	t.Run("a cut link", f.linkCut)
}

const damaged = "node-2"

func (f *fixture) kubeletKilled(t *testing.T) {
	killed, err := f.bed.KillProcess(damaged, "kubelet")
	if err != nil || killed != 1 {
		t.Fatalf("killed %d kubelets: %v", killed, err)
	}
	f.kubeletAnswers(t, false)
	f.kubeletAnswers(t, true)
	f.recovers(t)
}

// kubeletAnswers waits until the damaged node's kubelet answers the API
// server, or does not.
func (f *fixture) kubeletAnswers(t *testing.T, wanted bool) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) string {
		err := f.bed.Get(ctx, "/api/v1/nodes/"+damaged+"/proxy/pods", nil)
		if (err == nil) != wanted {
			return fmt.Sprintf("the kubelet of %s answers: %v, expected %v: %v", damaged, !wanted, wanted, err)
		}
		return ""
	})
}

func (f *fixture) addonKilled(t *testing.T) {
	addon, container := f.serviceProxy()
	before, err := f.addonPod(t.Context(), container)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.bed.KillProcess(damaged, container); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func(ctx context.Context) string {
		after, err := f.addonPod(ctx, container)
		if err != nil {
			return err.Error()
		}
		if after.restarts != before.restarts+1 {
			return fmt.Sprintf("%s was started %d times again, expected %d", container, after.restarts, before.restarts+1)
		}
		return ""
	})
	f.recovers(t)
	f.toldLater(t, addon, container)
}

// serviceProxy is the addon that leads Service addresses, and its container and program of that name.
func (f *fixture) serviceProxy() (addon, container string) {
	if f.kubeProxy {
		return "kube-proxy", "kube-proxy"
	}
	return "cilium", "cilium-agent"
}

// toldLater wants a check that looks back to name what was killed on the damaged node and runs again, and one that does not
// look so far back to be good.
func (f *fixture) toldLater(t *testing.T, addon, container string) {
	back := func(since string) (string, error) {
		out, err := f.command(t.Context(), "check", "--probe=never", "--only", addon+"/restarts", "--since", since).Output()
		return string(out), err
	}
	if out, err := back("10m"); err == nil || !strings.Contains(out, "container "+container+" on node "+damaged) || !strings.Contains(out, "exited with 137") {
		t.Errorf("looking back ten minutes: %v: %s", err, out)
	}
	if out, err := back("1s"); err != nil {
		t.Errorf("looking back a second: %v: %s", err, out)
	}
}

// imageRemoved takes away the image of an addon whose pod then has to be made
// anew: fitout sees why it does not start.
func (f *fixture) imageRemoved(t *testing.T) {
	const addon = "kube-proxy"
	pod, err := f.addonPod(t.Context(), addon)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.bed.RemoveImage(t.Context(), damaged, pod.image); err != nil {
		t.Fatal(err)
	}
	if err := f.bed.Do(t.Context(), http.MethodDelete, "/api/v1/namespaces/kube-system/pods/"+pod.name+"?gracePeriodSeconds=1", nil, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func(ctx context.Context) string {
		out, err := f.checkCommand(ctx).CombinedOutput()
		if err == nil {
			return "fitout check is good without the image"
		}
		if !strings.Contains(string(out), "ImagePullBackOff") && !strings.Contains(string(out), "ErrImagePull") {
			return "fitout check does not name the image's fault: " + string(out)
		}
		return ""
	})
	if err := f.bed.LoadImages(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	f.recovers(t)
}

// portTaken takes the kubelet's port while that is away for a second.
func (f *fixture) portTaken(t *testing.T) {
	const port = 10250
	eventually(t, time.Minute, func(ctx context.Context) string {
		if _, err := f.bed.KillProcess(damaged, "kubelet"); err != nil {
			return err.Error()
		}
		if err := f.bed.TakePort(ctx, damaged, port); err != nil {
			return err.Error()
		}
		return ""
	})
	for range 3 { // the kubelet is started again each second, and ends again
		f.kubeletAnswers(t, false)
		pause(t, time.Second)
	}
	if err := f.bed.FreePort(t.Context(), damaged, port); err != nil {
		t.Fatal(err)
	}
	f.kubeletAnswers(t, true)
	f.recovers(t)
}

func (f *fixture) linkCut(t *testing.T) {
	f.reached(t, true)
	if err := f.bed.CutLink(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	f.reached(t, false)
	f.kubeletAnswers(t, false)
	if err := f.bed.JoinLink(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	f.recovers(t)
}

// reached waits until node-1 reaches kube-proxy of the damaged node, or what
// stands in its place, or does not.
func (f *fixture) reached(t *testing.T, wanted bool) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) string {
		out, err := f.bed.Exec(ctx, "node-1", "probe", "get", "http://198.18.0.12:10256/healthz")
		if (err == nil) != wanted {
			return fmt.Sprintf("node-1 reaches %s: %v, expected %v: %v %s", damaged, !wanted, wanted, err, out)
		}
		return ""
	})
}

func (f *fixture) nodeComesBack(t *testing.T) {
	if err := f.bed.KillNode(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	f.nodeBecomes(t, "Unknown")
	if err := f.bed.StartNode(t.Context(), damaged); err != nil {
		t.Fatal(err)
	}
	f.recovers(t)
}

// recovers waits until the damaged node is ready, the network works, and
// fitout finds nothing wrong.
func (f *fixture) recovers(t *testing.T) {
	t.Helper()
	begin := time.Now()
	f.nodeBecomes(t, "True")
	f.dataPath(t)
	eventually(t, 90*time.Second, func(ctx context.Context) string {
		if out, err := f.checkCommand(ctx).CombinedOutput(); err != nil {
			return err.Error() + "\n" + string(out)
		}
		return ""
	})
	t.Logf("back after %.1f s", time.Since(begin).Seconds())
}

// checkCommand is `fitout check` of the bed.
func (f *fixture) checkCommand(ctx context.Context) *exec.Cmd {
	return f.command(ctx, "check")
}

func (f *fixture) nodeBecomes(t *testing.T, wanted string) {
	t.Helper()
	eventually(t, 90*time.Second, func(ctx context.Context) string {
		if status := f.nodeReady(ctx, damaged); status != wanted {
			return fmt.Sprintf("the condition Ready of %s is %s, expected %s", damaged, status, wanted)
		}
		return ""
	})
}

func (f *fixture) nodeReady(ctx context.Context, name string) string {
	var node struct {
		Status struct {
			Conditions []struct{ Type, Status string }
		}
	}
	if err := f.bed.Get(ctx, "/api/v1/nodes/"+name, &node); err != nil {
		return err.Error()
	}
	for _, condition := range node.Status.Conditions {
		if condition.Type == "Ready" {
			return condition.Status
		}
	}
	return "missing"
}

// addonPod is the pod of an addon on the damaged node, found by its container.
type addonPod struct {
	name, image string
	restarts    int
}

func (f *fixture) addonPod(ctx context.Context, container string) (addonPod, error) {
	var list struct {
		Items []struct {
			Metadata struct{ Name string }
			Spec     struct {
				NodeName   string
				Containers []struct{ Name, Image string }
			}
			Status struct {
				ContainerStatuses []struct{ RestartCount int }
			}
		}
	}
	if err := f.bed.Get(ctx, "/api/v1/namespaces/kube-system/pods", &list); err != nil {
		return addonPod{}, err
	}
	for _, pod := range list.Items {
		if pod.Spec.NodeName == damaged && pod.Spec.Containers[0].Name == container && len(pod.Status.ContainerStatuses) > 0 {
			return addonPod{name: pod.Metadata.Name, image: pod.Spec.Containers[0].Image, restarts: pod.Status.ContainerStatuses[0].RestartCount}, nil
		}
	}
	return addonPod{}, fmt.Errorf("no pod with the container %s on %s", container, damaged)
}
