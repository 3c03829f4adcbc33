//go:build linux

package clusterbed

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"time"
)

// A recipe says how a nested module becomes a folder of programs.
type recipe struct {
	folder  string // of the module, below testdata/clusterbed
	targets string // what `go build` is given
	tags    string
	ldflags string
	graft   *graft
	scripts *scripts
	cpu     time.Duration // that it takes when nothing is cached
}

const stripped = "-s -w"

// recipes lists the modules besides Kubernetes itself and the runtime.
var recipes = []recipe{
	{folder: "cni", targets: "tool", ldflags: stripped, cpu: 20 * time.Second},
	{folder: "standin", targets: "./...", ldflags: stripped, cpu: 20 * time.Second},
	{folder: "coredns", targets: ".", ldflags: stripped, cpu: 5 * time.Minute},
	{folder: "metrics-server", targets: "tool", ldflags: stripped, cpu: 4 * time.Minute},
	{folder: "flannel", targets: "tool", ldflags: stripped, cpu: 30 * time.Second, graft: &graft{
		folder: "upstream", module: "github.com/flannel-io/flannel@v0.28.10",
		without: []string{"e2e", "functional", "pkg/backend/udp", "pkg/backend/tencentvpc"},
	}},
	{folder: "scaleway-csi", targets: "tool", ldflags: stripped, cpu: 30 * time.Second},
	{folder: "npd", targets: "tool", tags: "disable_stackdriver_exporter", ldflags: stripped, cpu: time.Minute},
	{folder: "traefik", targets: "tool", ldflags: stripped, cpu: 14 * time.Minute, graft: &graft{
		folder: "lego", module: "github.com/go-acme/lego/v5@v5.3.1", without: []string{"cmd", "e2e", "providers/dns"},
	}},
}

// target is the folder in the cache for what the recipe makes.
func (r recipe) target(ctx context.Context) (string, error) {
	module, err := r.module()
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	key, err := r.key(ctx, module)
	return filepath.Join(cache, "bin", r.folder+"-"+key), err
}

// module is the folder of the nested module.
func (r recipe) module() (string, error) {
	source, err := sourceDir()
	return filepath.Join(source, r.folder), err
}

// make makes the folder of programs, and returns the CPU time that it took.
func (r recipe) make(ctx context.Context, dir string) (time.Duration, error) {
	module, err := r.module()
	if err != nil {
		return 0, err
	}
	work := dir + ".tmp"
	if err := os.RemoveAll(work); err != nil {
		return 0, err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return 0, err
	}
	defer os.RemoveAll(work) // what a failed build leaves
	args := r.arguments(work)
	if r.graft != nil {
		overlay, err := r.graft.overlay(ctx, module, work)
		if err != nil {
			return 0, err
		}
		args = slices.Insert(args, 1, "-overlay="+overlay)
	}
	cpu, err := runGo(ctx, module, args...)
	if err != nil {
		return 0, err
	}
	if r.scripts != nil {
		if err := r.scripts.copyTo(ctx, module, work); err != nil {
			return 0, err
		}
	}
	return cpu, os.Rename(work, dir)
}

func (r recipe) arguments(output string) []string {
	args := []string{"build", "-trimpath", "-buildvcs=false", "-ldflags", r.ldflags, "-tags", r.tags, "-o", output + "/"}
	return append(args, r.targets)
}

// key changes with the Go toolchain, the recipe, and every file of the module.
func (r recipe) key(ctx context.Context, module string) (string, error) {
	chain, err := exec.CommandContext(ctx, "go", "env", "GOVERSION", "GOOS", "GOARCH").Output()
	if err != nil {
		return "", fmt.Errorf("go env: %w: the bed is built from source, install Go", err)
	}
	hash := sha256.New()
	fmt.Fprintf(hash, "%s%q\n", chain, r.arguments(""))
	if r.graft != nil {
		fmt.Fprintf(hash, "%q\n", *r.graft)
	}
	if r.scripts != nil {
		fmt.Fprintf(hash, "%q\n", *r.scripts)
	}
	err = hashFolder(hash, module)
	return hex.EncodeToString(hash.Sum(nil))[:16], err
}

// hashFolder writes the names and contents of a folder's files to hash.
func hashFolder(hash io.Writer, folder string) error {
	var files []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	})
	if err != nil {
		return err
	}
	sort.Strings(files)
	for _, path := range files {
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		fmt.Fprintf(hash, "%s %d\n%s", name, len(text), text)
	}
	return nil
}
