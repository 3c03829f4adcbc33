package bed

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

// Binaries are the programs of a bed, in the build cache.
type Binaries struct {
	// Minor is the Kubernetes minor: "1.36".
	Minor string
	// Version is the exact release: "v1.36.4".
	Version string
	// Kube is one program that is kube-apiserver, kube-controller-manager or
	// kube-scheduler by argv[0] or by its first argument.
	Kube string
	// Etcd and Kwok are programs of their own.
	Etcd, Kwok string
	// Stages is the file with kwok's own default stages.
	Stages string
}

// Build makes the programs of a bed of the given Kubernetes minor ("1.36"),
// as far as the cache lacks them, and reports its progress to log (nil for
// none). From nothing, a minor is up to 11 CPU minutes of work, and two
// processes may ask for it at once: one builds, the other waits.
func Build(ctx context.Context, minor string, log io.Writer) (Binaries, error) {
	if log == nil {
		log = io.Discard
	}
	artifacts, err := plan(ctx, minor)
	if err != nil {
		return Binaries{}, err
	}
	for _, a := range artifacts {
		if a.exists() {
			continue
		}
		if err := a.make(ctx, log); err != nil {
			return Binaries{}, fmt.Errorf("build %s for the bed: %w", a.recipe.name, err)
		}
	}
	kube, etcd, kwok := artifacts[0], artifacts[1], artifacts[2]
	return Binaries{
		Minor:   minor,
		Version: kube.recipe.version,
		Kube:    kube.program(),
		Etcd:    etcd.program(),
		Kwok:    kwok.program(),
		Stages:  filepath.Join(kwok.dir, stagesFile),
	}, nil
}

// Built tells whether Build would find everything in the cache.
func Built(ctx context.Context, minor string) (bool, error) {
	artifacts, err := plan(ctx, minor)
	if err != nil {
		return false, err
	}
	for _, a := range artifacts {
		if !a.exists() {
			return false, nil
		}
	}
	return true, nil
}

// CacheDir is where programs are cached and where detached beds live:
// fitout/bed in the user's cache folder, which XDG_CACHE_HOME moves.
func CacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	if err != nil {
		return "", fmt.Errorf("cache folder of the bed: %w: set XDG_CACHE_HOME", err)
	}
	return filepath.Join(dir, "fitout", "bed"), nil
}

// An artifact is the folder in the cache that holds what a recipe makes.
type artifact struct {
	recipe recipe
	dir    string
}

func plan(ctx context.Context, minor string) ([]artifact, error) {
	source, err := findSource()
	if err != nil {
		return nil, err
	}
	list, err := recipes(source, minor)
	if err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	chain, err := toolchain(ctx)
	if err != nil {
		return nil, err
	}
	var artifacts []artifact
	for _, r := range list {
		key, err := r.key(chain)
		if err != nil {
			return nil, err
		}
		artifacts = append(artifacts, artifact{recipe: r, dir: filepath.Join(cache, "bin", r.name+"-"+key)})
	}
	return artifacts, nil
}

func (a artifact) program() string { return filepath.Join(a.dir, a.recipe.program) }

func (a artifact) exists() bool {
	_, err := os.Stat(a.program())
	return err == nil
}

// make builds the artifact. One build at a time uses all cores already, so one
// lock serves them all; the result appears whole, by a rename.
func (a artifact) make(ctx context.Context, log io.Writer) error {
	parent := filepath.Dir(a.dir)
	if err := os.MkdirAll(parent, 0o755); err != nil {
		return err
	}
	unlock, err := lock(ctx, filepath.Join(parent, "lock"), func() {
		fmt.Fprintf(log, "bed: waiting for another build to end\n")
	})
	if err != nil {
		return err
	}
	defer unlock()
	if a.exists() { // by now
		return nil
	}
	removeLeftovers(parent)
	work, err := os.MkdirTemp(parent, "tmp-"+a.recipe.name+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	fmt.Fprintf(log, "bed: building %s %s, about %s when nothing is cached\n", a.recipe.name, a.recipe.version, a.recipe.cpu)
	begin := time.Now()
	if err := a.recipe.build(ctx, work); err != nil {
		return err
	}
	if err := os.Chmod(work, 0o755); err != nil {
		return err
	}
	if err := os.Rename(work, a.dir); err != nil {
		return err
	}
	fmt.Fprintf(log, "bed: built %s in %s\n", a.recipe.name, time.Since(begin).Round(time.Second))
	return nil
}

// lock takes the lock at path as soon as no other process holds it, and calls
// waiting once when that is not at once.
func lock(ctx context.Context, path string, waiting func()) (unlock func(), err error) {
	for told := false; ; told = true {
		unlock, free, err := tryLock(path)
		if err != nil || free {
			return unlock, err
		}
		if !told {
			waiting()
		}
		if concurrent.Sleep(ctx, 200*time.Millisecond) != nil {
			return nil, fmt.Errorf("wait for the lock %s: %w", path, ctx.Err())
		}
	}
}

// removeLeftovers removes what interrupted builds left. The caller holds the
// lock, so no build is under way.
func removeLeftovers(parent string) {
	leftovers, _ := filepath.Glob(filepath.Join(parent, "tmp-*"))
	for _, dir := range leftovers {
		os.RemoveAll(dir)
	}
}

// build runs the steps of a recipe and the compiler, with work for a result.
func (r recipe) build(ctx context.Context, work string) error {
	overlay := ""
	for _, s := range r.steps {
		made, err := s(ctx, r.dir, work)
		if err != nil {
			return err
		}
		if made != "" {
			overlay = made
		}
	}
	return runGo(ctx, r.dir, r.arguments(filepath.Join(work, r.program), overlay)...)
}

// runGo runs the go command in a nested module.
func runGo(ctx context.Context, dir string, args ...string) error {
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	cmd.Env = buildEnv()
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("go %s in %s: %w\n%s", args[0], dir, err, lastLines(output.Bytes(), 20))
	}
	return nil
}

// buildEnv is the environment of the go command: static programs, and no
// workspace, because the nested modules contradict each other's versions.
func buildEnv() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off")
}
