//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
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

// networkRecipes lists the pod networks whose programs only those beds get that
// ask for them.
var networkRecipes = map[string]recipe{calico: calicoRecipe, cilium: ciliumRecipe}

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
// about 25 CPU minutes, and with Cilium as many again.
func Build(ctx context.Context, minor, cni string, log io.Writer) (*Programs, error) {
	control, err := bed.Build(ctx, minor, log)
	if err != nil {
		return nil, err
	}
	kube := recipe{folder: "kube-" + minor, targets: ".", tags: kubeTags(minor), ldflags: versionFlags(control.Version), cpu: time.Minute}
	runtime := runtimeOf(minor)
	needed := append([]recipe{kube, runtime}, recipes...)
	if old(minor) {
		needed = append(needed, oldRecipes...)
	}
	if r, ok := networkRecipes[cni]; ok {
		needed = append(needed, r)
	}
	built, err := makeAll(ctx, needed, log)
	if err != nil {
		return nil, err
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

// makeAll makes what the cache lacks of some recipes, and returns the folder of
// programs of each.
func makeAll(ctx context.Context, needed []recipe, log io.Writer) (map[string]string, error) {
	folders := map[string]string{}
	var missing []recipe
	p := &progress{log: log, began: time.Now()}
	for _, r := range needed {
		folder, err := r.target(ctx)
		if err != nil {
			return nil, err
		}
		folders[r.folder] = folder
		if !exists(folder) {
			missing = append(missing, r)
			p.total++
			p.all += r.cpu
		}
	}
	for _, r := range missing {
		p.starts(r)
		begin := time.Now()
		cpu, err := r.make(ctx, folders[r.folder])
		if err != nil {
			return nil, fmt.Errorf("build testdata/clusterbed/%s: %w", r.folder, err)
		}
		p.ends(r, time.Since(begin), cpu)
	}
	return folders, nil
}

// buildCommand builds testdata/clusterbed itself: the owner of the bed, and
// the first process of fabric and nodes.
func buildCommand(ctx context.Context, output string) error {
	source, err := sourceDir()
	if err != nil {
		return err
	}
	_, err = runGo(ctx, source, "build", "-buildvcs=false", "-ldflags", stripped, "-o", output, ".")
	return err
}

// runGo runs the go command in a folder, for static programs and without a
// workspace: the nested modules contradict each other's versions. It returns the
// CPU time of the command and all that it ran.
func runGo(ctx context.Context, dir string, args ...string) (time.Duration, error) {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return 0, fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, lastLines(output.Bytes(), 20))
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
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
