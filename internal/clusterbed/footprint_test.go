//go:build linux

package clusterbed_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

// Memory settles for a minute after the addons are checked; then it is looked
// at so many times.
const (
	settle   = time.Minute
	samples  = 15
	interval = 15 * time.Second
)

// referenceTax is what kernel, kubelet and DaemonSets took of a node of the
// reference cluster: docs/footprint.md.
const referenceTax = 700 << 20

// TestFootprint measures what the addons of a bundle use on real nodes. It
// takes minutes, so it runs only when FITOUT_FOOTPRINT names the Kubernetes
// minor to run it with: `make footprint`.
func TestFootprint(t *testing.T) {
	minor := os.Getenv("FITOUT_FOOTPRINT")
	if minor == "" {
		t.Skip("FITOUT_FOOTPRINT is not set: make footprint sets it")
	}
	if err := clusterbed.Supported(chosenCNI()); err != nil {
		t.Fatal(err)
	}
	f := startBed(t, minor, chosenCNI())
	f.up(t)
	pause(t, settle)
	series := map[string][]*clusterbed.Usage{}
	for range samples {
		pause(t, interval)
		for _, node := range f.nodes() {
			usage, err := f.bed.Usage(t.Context(), node)
			if err != nil {
				t.Fatal(err)
			}
			series[node] = append(series[node], usage)
		}
	}
	wanted := f.eachNode(t, minor)
	for _, node := range f.nodes() {
		f.judgeUsage(t, node, series[node], wanted)
	}
}

// judgeUsage prints the figures of a node, and holds the worker to the
// reference. node-1 has the control plane in what is not pods.
func (f *fixture) judgeUsage(t *testing.T, node string, series []*clusterbed.Usage, wanted []string) {
	t.Logf("%s, MiB: median, largest of %d samples", node, len(series))
	figure := func(name string, of func(*clusterbed.Usage) int64) int64 {
		var values []int64
		for _, usage := range series {
			values = append(values, of(usage))
		}
		slices.Sort(values)
		largest := values[len(values)-1]
		t.Logf("| %s | %.0f | %.0f |", name, mebibytes(values[len(values)/2]), mebibytes(largest))
		return largest
	}
	for _, name := range names(series, func(u *clusterbed.Usage) map[string]int64 { return u.Containers }) {
		figure(name, func(u *clusterbed.Usage) int64 { return u.Containers[name] })
	}
	for _, name := range names(series, func(u *clusterbed.Usage) map[string]int64 { return u.Programs }) {
		figure(name+", anonymous", func(u *clusterbed.Usage) int64 { return u.Programs[name] })
	}
	figure("pods", func(u *clusterbed.Usage) int64 { return u.Pods })
	figure("active page cache of the node", func(u *clusterbed.Usage) int64 { return u.Files })
	figure("kernel memory of the node", func(u *clusterbed.Usage) int64 { return u.Kernel })
	figure("node less pods", func(u *clusterbed.Usage) int64 { return u.Node - u.Pods })
	tax := figure("node", func(u *clusterbed.Usage) int64 { return u.Node })
	if node != "node-1" && tax > referenceTax {
		t.Errorf("%s uses %.0f MiB, more than the %d of the reference cluster", node, mebibytes(tax), referenceTax>>20)
	}
	for _, name := range wanted {
		if series[0].Containers[name] == 0 {
			t.Errorf("%s: the container %s uses nothing: it does not run, or the kubelet does not see it", node, name)
		}
	}
}

// names lists the keys of all samples.
func names(series []*clusterbed.Usage, of func(*clusterbed.Usage) map[string]int64) []string {
	var all []string
	for _, usage := range series {
		for name := range of(usage) {
			all = append(all, name)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// eachNode asks fitout for the containers that run on each node.
func (f *fixture) eachNode(t *testing.T, minor string) []string {
	cmd := exec.CommandContext(t.Context(), f.fitout, "footprint", "--kubernetes", minor, "--cni", f.cni, "--ingress", "traefik",
		"--csi", "scaleway-csi", "--kube-proxy", strconv.FormatBool(f.kubeProxy), "-f", filepath.Join(f.bed.Dir, "cluster.yaml"), "-o", "json")
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("fitout footprint: %v\n%s", err, out)
	}
	var declared struct {
		Workloads []struct {
			Runs       string
			Containers []struct {
				Name string
				Init bool
			}
		}
	}
	if err := json.Unmarshal(out, &declared); err != nil {
		t.Fatal(err)
	}
	var containers []string
	for _, workload := range declared.Workloads {
		for _, container := range workload.Containers {
			if workload.Runs == "each node" && !container.Init {
				containers = append(containers, container.Name)
			}
		}
	}
	if len(containers) == 0 {
		t.Fatal("fitout footprint names no container that runs on each node")
	}
	return containers
}

func mebibytes(bytes int64) float64 { return float64(bytes) / (1 << 20) }
