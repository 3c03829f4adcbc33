//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
)

const projectModule = "github.com/fitout-dev/fitout"

// Programs are folders and files in the build cache.
type Programs struct {
	Version      string // v1.36.4
	ControlPlane string // one program, by argv[0]: kube-apiserver, ...
	Kubelet      string // one program, by argv[0]: kubelet, kube-proxy
	Etcd         string
	Containerd   string // folder: containerd, containerd-shim-runc-v2, ctr
	CNI          string // folder of plugins
	Addons       map[string]string
}

// A recipe says how a nested module becomes a folder of programs.
type recipe struct {
	folder  string // of the module, below testdata/clusterbed
	targets string // what `go build` is given
	tags    string
	ldflags string
	graft   *graft
	scripts *scripts
}

const stripped = "-s -w"

// recipes lists the modules besides Kubernetes itself and the runtime.
var recipes = []recipe{
	{folder: "cni", targets: "tool", ldflags: stripped},
	{folder: "standin", targets: "./...", ldflags: stripped},
	{folder: "coredns", targets: ".", ldflags: stripped},
	{folder: "metrics-server", targets: "tool", ldflags: stripped},
	{folder: "flannel", targets: "tool", ldflags: stripped, graft: &graft{
		folder: "upstream", module: "github.com/flannel-io/flannel@v0.28.10",
		without: []string{"e2e", "functional", "pkg/backend/udp", "pkg/backend/tencentvpc"},
	}},
	{folder: "scaleway-csi", targets: "tool", ldflags: stripped},
	{folder: "npd", targets: "tool", tags: "disable_stackdriver_exporter", ldflags: stripped},
	{folder: "traefik", targets: "tool", ldflags: stripped, graft: &graft{
		folder: "lego", module: "github.com/go-acme/lego/v5@v5.3.1", without: []string{"cmd", "e2e", "providers/dns"},
	}},
}

// CacheDir is where programs, images and beds are kept: fitout/clusterbed in
// the user's cache folder, which XDG_CACHE_HOME moves.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder of the cluster bed: %w: set XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "fitout", "clusterbed"), nil
}

// Build makes the programs of a bed with a pod network as far as the cache
// lacks them, one after the other, and reports on log. From nothing it takes
// about 20 CPU minutes.
func Build(ctx context.Context, minor, cni string, log io.Writer) (*Programs, error) {
	control, err := bed.Build(ctx, minor, log)
	if err != nil {
		return nil, err
	}
	kube := recipe{folder: "kube-" + minor, targets: ".", tags: kubeTags(minor), ldflags: versionFlags(control.Version)}
	runtime := runtimeOf(minor)
	needed := append([]recipe{kube, runtime}, recipes...)
	if old(minor) {
		needed = append(needed, oldRecipes...)
	}
	if cni == calico {
		needed = append(needed, calicoRecipe)
	}
	built := map[string]string{}
	for _, r := range needed {
		if built[r.folder], err = r.make(ctx, log); err != nil {
			return nil, fmt.Errorf("build testdata/clusterbed/%s: %w", r.folder, err)
		}
	}
	return &Programs{
		Version:      control.Version,
		ControlPlane: control.Kube,
		Etcd:         control.Etcd,
		Kubelet:      filepath.Join(built[kube.folder], kube.folder),
		Containerd:   built[runtime.folder],
		CNI:          built["cni"],
		Addons:       built,
	}, nil
}

// versionFlags stamps the release into kubelet and kube-proxy.
func versionFlags(version string) string {
	flags := stripped
	parts := strings.Split(strings.TrimPrefix(version, "v"), ".")
	for _, pkg := range []string{"k8s.io/component-base/version", "k8s.io/client-go/pkg/version"} {
		flags += fmt.Sprintf(" -X %s.gitVersion=%s -X %[1]s.gitMajor=%[3]s -X %[1]s.gitMinor=%[4]s", pkg, version, parts[0], parts[1])
	}
	return flags
}

// make returns the folder in the cache that holds what the recipe makes.
func (r recipe) make(ctx context.Context, log io.Writer) (string, error) {
	source, err := sourceDir()
	if err != nil {
		return "", err
	}
	cache, err := CacheDir()
	if err != nil {
		return "", err
	}
	module := filepath.Join(source, r.folder)
	key, err := r.key(ctx, module)
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "bin", r.folder+"-"+key)
	if _, err := os.Stat(dir); err == nil {
		return dir, nil
	}
	fmt.Fprintf(log, "clusterbed: building %s\n", r.folder)
	begin := time.Now()
	work := dir + ".tmp"
	if err := os.RemoveAll(work); err != nil {
		return "", err
	}
	if err := os.MkdirAll(work, 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(work) // what a failed build leaves
	args := r.arguments(work)
	if r.graft != nil {
		overlay, err := r.graft.overlay(ctx, module, work)
		if err != nil {
			return "", err
		}
		args = slices.Insert(args, 1, "-overlay="+overlay)
	}
	if err := runGo(ctx, module, args...); err != nil {
		return "", err
	}
	if r.scripts != nil {
		if err := r.scripts.copyTo(ctx, module, work); err != nil {
			return "", err
		}
	}
	fmt.Fprintf(log, "clusterbed: built %s in %s\n", r.folder, time.Since(begin).Round(time.Second))
	return dir, os.Rename(work, dir)
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

// buildCommand builds testdata/clusterbed itself: the owner of the bed, and
// the first process of fabric and nodes.
func buildCommand(ctx context.Context, output string) error {
	source, err := sourceDir()
	if err != nil {
		return err
	}
	return runGo(ctx, source, "build", "-buildvcs=false", "-ldflags", stripped, "-o", output, ".")
}

// runGo runs the go command in a folder, for static programs and without a
// workspace: the nested modules contradict each other's versions.
func runGo(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, lastLines(output.Bytes(), 20))
	}
	return nil
}

// lastLines returns the last n lines of a text.
func lastLines(text []byte, n int) string {
	lines := bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n"))
	return string(bytes.Join(lines[max(0, len(lines)-n):], []byte("\n")))
}

// sourceDir returns testdata/clusterbed of the checkout around the working
// directory.
func sourceDir() (string, error) {
	start, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for dir := start; ; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(text), "module "+projectModule+"\n") {
			return filepath.Join(dir, "testdata", "clusterbed"), nil
		}
		if dir == filepath.Dir(dir) {
			return "", errors.New("no checkout of " + projectModule + " around " + start + ": run this inside one")
		}
	}
}
