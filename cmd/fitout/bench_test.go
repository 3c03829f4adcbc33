package main

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// BenchmarkRenderProcess runs fitout render as a process, from its start to its end.
func BenchmarkRenderProcess(b *testing.B) {
	binary := filepath.Join(b.TempDir(), "fitout")
	if out, err := exec.Command("go", "build", "-ldflags", "-s -w", "-o", binary, ".").CombinedOutput(); err != nil {
		b.Fatalf("%v\n%s", err, out)
	}
	for _, args := range [][]string{{"version"}, {"render"}, {"render", "--cni", "calico", "--ingress", "traefik"}} {
		b.Run(filepath.Join(args...), func(b *testing.B) {
			for b.Loop() {
				if err := exec.Command(binary, args...).Run(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
