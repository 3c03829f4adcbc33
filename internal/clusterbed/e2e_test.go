//go:build linux

package clusterbed_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

// TestEndToEnd fits out a real cluster and tries what the addons are for. It
// needs root, Debian and minutes, so it runs only when FITOUT_E2E names the
// Kubernetes minor to run it with: `make e2e`.
func TestEndToEnd(t *testing.T) {
	minor := os.Getenv("FITOUT_E2E")
	if minor == "" {
		t.Skip("FITOUT_E2E is not set: make e2e sets it")
	}
	if err := clusterbed.Supported(chosenCNI()); err != nil {
		t.Fatal(err)
	}
	before := machine(t)
	f := startBed(t, minor, chosenCNI())

	t.Run("up", f.up)
	t.Run("up again changes nothing", f.upAgain)
	t.Run("check", f.check)
	t.Run("data path", f.dataPath)
	if f.ingress != "none" {
		t.Run("metrics", f.metrics)
		t.Run("node conditions", f.nodeConditions)
	}
	t.Run("storage driver", f.storageDriver)
	t.Run("probes", f.probes)
	switch f.cni {
	case "calico":
		t.Run("policies", f.policies)
	case "cilium":
		t.Run("policies", f.ciliumPolicies)
		t.Run("agents", f.ciliumAgents)
	default:
		t.Run("agents", f.agents)
	}
	t.Run("faults", f.faults)
	if f.cni == "cilium" {
		t.Run("Services by the other", f.switchProxy)
		t.Run("and back", f.switchProxy)
	}
	if os.Getenv("FITOUT_E2E_BED") != "" {
		return // it goes on
	}
	t.Run("stop leaves nothing", func(t *testing.T) { f.stop(t, before) })
}

// chosenCNI is the pod network that FITOUT_E2E_CNI names: flannel, calico or cilium.
func chosenCNI() string { return cmp.Or(os.Getenv("FITOUT_E2E_CNI"), "flannel") }

// A fixture is a bed and the fitout command of this checkout.
type fixture struct {
	bed    *clusterbed.Bed
	fitout string
	cni    string
	// kubeProxy tells whether kube-proxy leads Service addresses, or Cilium does.
	kubeProxy bool
	// ingress is the controller that the cluster gets: none on old releases,
	// where metrics-server and node-problem-detector are left out, too.
	ingress string
	ready   time.Time // when the nodes were registered
	inside  string    // folder on node-1 from which fitout runs there
}

func startBed(t *testing.T, minor, cni string) *fixture {
	ctx, cancel := context.WithTimeout(t.Context(), 40*time.Minute)
	defer cancel()
	f := &fixture{fitout: filepath.Join(t.TempDir(), "fitout"), cni: cni, ingress: "traefik"}
	f.kubeProxy = os.Getenv("FITOUT_E2E_KUBE_PROXY") != "false"
	if minor == "1.18" {
		f.ingress = "none"
	}
	build := exec.CommandContext(ctx, "go", "build", "-o", f.fitout, "../../cmd/fitout")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // the image of probe pods has no C library
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build fitout: %v\n%s", err, out)
	}
	if dir := os.Getenv("FITOUT_E2E_BED"); dir != "" { // one that runs already, and goes on
		var err error
		if f.bed, err = clusterbed.Open(dir); err != nil {
			t.Fatal(err)
		}
		return f
	}
	images, err := clusterbed.BundleImages(ctx, f.fitout, minor, cni, f.ingress)
	if err != nil {
		t.Fatal(err)
	}
	f.bed, err = clusterbed.Start(ctx, clusterbed.Options{Dir: os.Getenv("FITOUT_BED_DIR"), Minor: minor, CNI: cni, Images: images, Tied: true, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	f.ready = time.Now()
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("the logs of the bed are in %s", filepath.Join(f.bed.Dir, "logs"))
		}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		defer cancel()
		if err := f.bed.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return f
}

// run runs a verb of fitout on the bed and returns its report.
func (f *fixture) run(t *testing.T, verb string) report {
	cmd := f.command(t.Context(), verb, "-o", "json")
	var progress strings.Builder
	cmd.Stderr = &progress
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fitout %s: %v\n%s%s", verb, err, progress.String(), out)
	}
	var r report
	if err := json.Unmarshal(out, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// command is a verb of fitout on the bed.
func (f *fixture) command(ctx context.Context, verb string, more ...string) *exec.Cmd {
	args := []string{verb, "--kubeconfig", f.bed.Kubeconfig, "-f", filepath.Join(f.bed.Dir, "cluster.yaml"),
		"--cni", f.cni, "--ingress", f.ingress, "--csi", "scaleway-csi", "--kube-proxy", strconv.FormatBool(f.kubeProxy)}
	return exec.CommandContext(ctx, f.fitout, append(args, more...)...)
}

// report is the part of fitout's report that these tests look at.
type report struct {
	Verdict string
	Waves   []struct {
		Name    string
		Seconds float64
		Changes []struct{ Action string }
	}
	Checks []struct{ Addon, Check, Verdict, Detail string }
}

func (f *fixture) up(t *testing.T) {
	r := f.run(t, "up")
	if !f.bed.APIReady.IsZero() { // else the bed ran already
		t.Logf("from the API server ready to checked: %.1f s", time.Since(f.bed.APIReady).Seconds())
		t.Logf("  %5.1f s until the nodes were registered", f.ready.Sub(f.bed.APIReady).Seconds())
		defer f.timeline(t)
	}
	for _, wave := range r.Waves {
		t.Logf("  %5.1f s %s, %d objects", wave.Seconds, wave.Name, len(wave.Changes))
	}
	if r.Verdict != "good" {
		t.Errorf("verdict %q: %+v", r.Verdict, r.Checks)
	}
}

func (f *fixture) upAgain(t *testing.T) {
	for _, wave := range f.run(t, "up").Waves {
		for _, change := range wave.Changes {
			if change.Action != "unchanged" {
				t.Errorf("wave %s: %+v", wave.Name, change)
			}
		}
	}
}

func (f *fixture) check(t *testing.T) {
	for _, row := range f.run(t, "check").Checks {
		if !slices.Contains([]string{"good", "skipped", "unknown"}, row.Verdict) {
			t.Errorf("%+v", row)
		}
	}
}

// metrics asks what `kubectl top nodes` and `kubectl top pods` ask.
func (f *fixture) metrics(t *testing.T) {
	eventually(t, time.Minute, func(ctx context.Context) string {
		var list struct {
			Items []struct {
				Metadata struct{ Name string }
				Usage    map[string]string
			}
		}
		if err := f.bed.Get(ctx, "/apis/metrics.k8s.io/v1beta1/nodes", &list); err != nil {
			return err.Error()
		}
		for _, item := range list.Items {
			t.Logf("%s uses %s CPU, %s memory", item.Metadata.Name, item.Usage["cpu"], item.Usage["memory"])
		}
		if len(list.Items) != 2 {
			return "metrics of the nodes are not complete"
		}
		return ""
	})
}

func (f *fixture) nodeConditions(t *testing.T) {
	eventually(t, time.Minute, func(ctx context.Context) string {
		for _, name := range f.nodes() {
			var node struct {
				Status struct {
					Conditions []struct{ Type, Status string }
				}
			}
			if err := f.bed.Get(ctx, "/api/v1/nodes/"+name, &node); err != nil {
				return err.Error()
			}
			found := map[string]string{}
			for _, condition := range node.Status.Conditions {
				found[condition.Type] = condition.Status
			}
			if found["KernelDeadlock"] != "False" || found["ReadonlyFilesystem"] != "False" {
				return name + " lacks the conditions of node-problem-detector"
			}
		}
		return ""
	})
}

// storageDriver asks whether the kubelets know the CSI driver, which they do
// once its registrar has introduced it.
func (f *fixture) storageDriver(t *testing.T) {
	eventually(t, time.Minute, func(ctx context.Context) string {
		for _, name := range f.nodes() {
			var node struct {
				Spec struct {
					Drivers []struct{ Name, NodeID string }
				}
			}
			if err := f.bed.Get(ctx, "/apis/storage.k8s.io/v1/csinodes/"+name, &node); err != nil {
				return err.Error()
			}
			if len(node.Spec.Drivers) != 1 || node.Spec.Drivers[0].Name != "csi.scaleway.com" {
				return name + " does not know the driver"
			}
			t.Logf("%s is %s", name, node.Spec.Drivers[0].NodeID)
		}
		return ""
	})
}

func (f *fixture) nodes() []string {
	var names []string
	for name := range f.bed.Nodes {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// eventually tries until the reason for a failure is empty.
func eventually(t *testing.T, patience time.Duration, try func(ctx context.Context) string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	reason := ""
	for {
		if reason = try(ctx); reason == "" {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("after %v: %s", patience, reason)
		case <-time.After(500 * time.Millisecond):
		}
	}
}

// pause waits, unless the test ends.
func pause(t *testing.T, duration time.Duration) {
	ctx, cancel := context.WithTimeout(t.Context(), duration)
	defer cancel()
	<-ctx.Done()
	if t.Context().Err() != nil {
		t.Fatal(fmt.Errorf("interrupted: %w", t.Context().Err()))
	}
}
