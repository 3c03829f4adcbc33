//go:build linux

package clusterbed_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// duringOutside watches without pods, from node-1, which reaches what a machine beside the cluster would: nothing is lost while
// nothing is done, and the ingress' ports of a node are while they are closed.
func (f *fixture) duringOutside(t *testing.T) {
	for _, p := range f.watchedFrom(t, "node-1", 0, func() {}) {
		if p.Sent < 60 || p.GapSeconds > 0.5 { // a busy machine loses one now and then
			t.Errorf("while nothing was done: %+v", p)
		}
	}
	broken := f.watchedFrom(t, "node-1", 1, func() {
		const rules = "for port in 80 443; do iptables -t mangle %s PREROUTING -p tcp --dport $port -j DROP; done"
		f.sh(t, damaged, fmt.Sprintf(rules+"; sleep 3; "+rules, "-I", "-D"))
	})
	for _, p := range broken {
		closed := strings.Contains(p.To, "traefik on "+damaged)
		if lost := p.Lost > 0 && p.GapSeconds > 2; lost != closed {
			t.Errorf("with the ports of %s closed: %+v", damaged, p)
		}
	}
}

// watchedFrom breaks something while a command runs on a node, and wants what watches it from there to end with an exit
// code for gaps of more than a second. It returns what was lost on each path.
func (f *fixture) watchedFrom(t *testing.T, node string, exit int, breaks func()) []pathLoss {
	t.Helper()
	dir := f.handedOver(t)
	script := fmt.Sprintf(`cd %s; ./fitout check --during --probe=never --max-gap 1s --kubeconfig kubeconfig --cni flannel --ingress traefik --csi scaleway-csi \
		-f cluster.yaml -o json -- sh -c "touch begun; sleep 10" 2>errors; echo "exit $?"; rm -f begun; cat errors`, dir)
	done := make(chan string)
	go func() {
		out, err := f.bed.Exec(t.Context(), node, "sh", "-c", script)
		if err != nil {
			out = err.Error()
		}
		done <- out
	}()
	eventually(t, time.Minute, func(ctx context.Context) string {
		if _, err := f.bed.Exec(ctx, node, "test", "-e", dir+"/begun"); err != nil {
			return err.Error()
		}
		return ""
	})
	breaks()
	out := <-done
	text, rest, _ := strings.Cut(out, "exit ")
	if !strings.HasPrefix(rest, fmt.Sprint(exit)+"\n") {
		t.Errorf("exit code %s, not %d: %s", rest, exit, text)
	}
	var c struct {
		Outside string
		Paths   []pathLoss
	}
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if want := 6; len(c.Paths) != want || c.Outside == "" { // DNS over UDP and TCP, two ports of two nodes
		t.Fatalf("%d paths, not %d: %+v", len(c.Paths), want, c)
	}
	return c.Paths
}

// handedOver puts into a folder that the nodes see what fitout takes there: itself, a cluster file, and a kubeconfig that goes
// straight to the API server.
func (f *fixture) handedOver(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/var/tmp", "fitout-e2e-") // nodes have a /tmp of their own
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for name, from := range map[string]string{"fitout": f.fitout, "kubeconfig": f.bed.Kubeconfig, "cluster.yaml": filepath.Join(f.bed.Dir, "cluster.yaml")} {
		text, err := os.ReadFile(from)
		if err != nil {
			t.Fatal(err)
		}
		if name == "kubeconfig" {
			text = regexp.MustCompile(`(?m)^ *proxy-url: .*\n`).ReplaceAll(text, nil)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
