package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A tool is one way to apply objects.
type tool struct {
	name string
	args func(n int) []string // the command line that applies n objects
}

// toolNames are in the order of the table; the first one is what the others are compared with.
var toolNames = []string{"floor", "fitout", "kubectl", "helm"}

// workshop is where the tools and what they apply are made.
type workshop struct {
	dir   string
	sizes []int
}

// prepare writes what is applied and builds what applies it.
func prepare(ctx context.Context, dir string, o options) ([]tool, error) {
	w := workshop{dir: dir, sizes: o.sizes}
	for _, n := range o.sizes {
		if err := w.write(n); err != nil {
			return nil, err
		}
	}
	var tools []tool
	for _, name := range o.tools {
		args, err := w.make(ctx, name)
		if err != nil {
			return nil, err
		}
		tools = append(tools, tool{name, args})
	}
	return tools, nil
}

// make builds a tool and returns how it is called. kubectl and helm are kept in the cache; fitout holds the catalogue of
// this run.
func (w workshop) make(ctx context.Context, name string) (args func(n int) []string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return nil, err
	}
	program := filepath.Join(cache, "fitout", "applybench", name)
	switch name {
	case "floor":
		program, err = os.Executable()
		return func(n int) []string { return []string{program, floorVerb, w.manifests(n)} }, err
	case "fitout":
		program = filepath.Join(w.dir, "fitout")
		overlay, err := w.overlay()
		if err == nil {
			err = build(ctx, ".", program, "-overlay", overlay, "./cmd/fitout")
		}
		return func(n int) []string { return []string{program, "apply", "--cni", "none", "--name", addonName(n)} }, err
	case "kubectl":
		err = build(ctx, "testdata/applybench/kubectl", program, ".")
		return func(n int) []string { return []string{program, "apply", "--server-side", "-f", w.manifests(n)} }, err
	case "helm":
		err = build(ctx, "testdata/applybench/helm", program, "helm.sh/helm/v3/cmd/helm")
		return func(n int) []string {
			return []string{program, "upgrade", "--install", "bench", w.chart(n), "--namespace", namespace}
		}, err
	}
	return nil, fmt.Errorf("-tools: there is no %q; there are %v", name, toolNames)
}

// build builds a program in a module.
func build(ctx context.Context, module, program string, args ...string) error {
	fmt.Fprintln(os.Stderr, "applybench: building", filepath.Base(program))
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", program}, args...)...)
	cmd.Dir = module
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build %s: %w\n%s", filepath.Base(program), err, out)
	}
	return nil
}
