package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/fitout-dev/fitout/internal/cputime"
)

// benchCluster is the text of cluster files that differ from each other: each has its own endpoint and pod range, every fifth its own
// replicas of CoreDNS, every third its own cache.
const benchCluster = `apiVersion: fitout.dev/v1alpha1
kind: Cluster
name: c%[1]d
kubernetesVersion: v1.36.4
cni: %[2]s
ingress: %[3]s
network:
  apiEndpoint: https://api.c%[1]d.example.org:6443
  podCIDR: 10.%[4]d.0.0/16
addons:
  coredns: {values: {replicas: %[5]d, cacheSeconds: %[6]d}}
`

// BenchmarkGoldenProcess runs fitout golden check as a process over 10 to 10,000 cluster files: CPU time and the largest memory,
// to be put beside one fitout render (BenchmarkRenderProcess), which a loop would run for each file.
func BenchmarkGoldenProcess(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "fitout")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, n := range []int{10, 100, 1000, 10000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			dir := b.TempDir()
			writeClusters(b, filepath.Join(dir, "clusters"), n)
			golden := func(verb string) *exec.Cmd {
				cmd := exec.Command(binary, "golden", verb, "golden", "-f", "clusters")
				cmd.Dir = dir
				if out, err := cmd.CombinedOutput(); err != nil {
					b.Fatalf("%v\n%s", err, out)
				}
				return cmd
			}
			golden("update")
			cputime.Report(b, cputime.Children)
			largest := int64(0)
			for b.Loop() {
				largest = max(largest, golden("check").ProcessState.SysUsage().(*syscall.Rusage).Maxrss)
			}
			b.ReportMetric(float64(largest)/1024, "MiB")
		})
	}
}

func writeClusters(b *testing.B, dir string, n int) {
	if err := os.Mkdir(dir, 0o755); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		text := fmt.Sprintf(benchCluster, i, []string{"cilium", "flannel"}[i%2], []string{"none", "traefik"}[i/2%2], 64+i%100, 2+i%5, 30+i%3)
		if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("c%05d.yaml", i)), []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
}
