//go:build linux

package clusterbed_test

import (
	"bufio"
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// during wants no request to be lost while nothing is done, and those of one node while its Service addresses are dead.
func (f *fixture) during(t *testing.T) {
	f.loadProbeImage(t)
	for _, p := range f.continued(t, func() {}) {
		if p.Sent < 60 || p.GapSeconds > 0.5 { // a busy machine loses one now and then
			t.Errorf("while nothing was done: %+v", p)
		}
	}
	broken := f.continued(t, func() {
		f.sh(t, "node-1", "kill -STOP $(pgrep -x kube-proxy); iptables -t nat -F KUBE-SERVICES; sleep 3; kill -KILL $(pgrep -x kube-proxy)")
	})
	for _, p := range broken {
		service := p.From == "node-1" && p.Check != "traefik/ingress-ports"
		if lost := p.GapSeconds > 2; lost != service {
			t.Errorf("without the Service addresses of node-1: %+v", p)
		}
	}
}

type pathLoss struct {
	Check, From, To, Group string
	Sent, Lost             int
	GapSeconds             float64
}

// continued breaks something while a command runs, and returns what was lost on each path.
func (f *fixture) continued(t *testing.T, breaks func()) []pathLoss {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), f.fitout, "check", "--during", "--probe", "--probe-image", probeImage, "--kubeconfig", f.bed.Kubeconfig,
		"--cni", "flannel", "--ingress", "traefik", "--csi", "scaleway-csi", "-f", filepath.Join(f.bed.Dir, "cluster.yaml"), "-o", "json",
		"--", "sh", "-c", "echo begun; sleep 10")
	var out strings.Builder
	cmd.Stdout = &out
	progress, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(progress)
	for lines.Scan() {
		if lines.Text() == "begun" {
			breaks()
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	var c struct {
		Paths    []pathLoss
		NotAsked []struct{ Check, Detail string }
	}
	if err := json.Unmarshal([]byte(out.String()), &c); err != nil {
		t.Fatal(err)
	}
	if want := 14; len(c.Paths) != want { // from each of two nodes: DNS over UDP and TCP, a Service, two ports of two nodes
		t.Fatalf("%d paths, not %d: %+v", len(c.Paths), want, c)
	}
	return c.Paths
}
