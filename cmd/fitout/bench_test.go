package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/cputime"
)

// BenchmarkRenderProcess runs fitout render as a process, from its start to its end.
func BenchmarkRenderProcess(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "fitout")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{"version"}, {"render"}, {"render", "--cni", "calico", "--ingress", "traefik"}} {
		b.Run(strings.Join(args, " "), func(b *testing.B) {
			cputime.Report(b, cputime.Children)
			for b.Loop() {
				if err := exec.Command(binary, args...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
