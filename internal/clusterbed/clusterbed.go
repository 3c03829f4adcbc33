//go:build linux

// Package clusterbed runs a real Kubernetes cluster for tests, on one Linux
// machine, as root, without a container engine, a network or a registry: two
// nodes, each with its own kubelet and containerd, and the control plane on the
// first. Package bed is its smaller sibling, without anything in the pods.
//
//	b, err := clusterbed.Start(ctx, clusterbed.Options{Minor: "1.36", Log: os.Stderr})
//	...
//	defer b.Stop(ctx)
//	use(b.Kubeconfig)
//
// A node is a process with namespaces of its own (mounts, processes, network,
// names, cgroups). The nodes are joined by a bridge in a further network
// namespace, the fabric, so that the machine's own network is not touched. All
// of it ends when the process that owns the bed ends, however it ends.
package clusterbed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// DefaultTimeout is how long a start may take, without the build.
const DefaultTimeout = 180 * time.Second

// Options says what bed to start.
type Options struct {
	// Minor is the Kubernetes minor, as in "1.36". There must be a module for
	// it in testdata/clusterbed and in testdata/bed.
	Minor string
	// Dir is where the bed keeps its files: a new folder or that of an earlier
	// bed, which is replaced. Default: a folder for the minor in the cache.
	Dir string
	// CNI is the pod network, whose programs are built: flannel when empty,
	// calico or cilium.
	CNI string
	// Images are the references that the nodes hold. See Bundle.
	Images []string
	// Tied makes the bed end with this process, however that ends: for tests.
	// Without it the bed goes on until Stop.
	Tied bool
	// Timeout bounds the start, without the build: DefaultTimeout when 0.
	Timeout time.Duration
	// Log gets a line for each step. Nothing is printed without it.
	Log io.Writer
}

// Start builds what the cache lacks, starts the bed in a process of its own
// and returns when the API server is healthy and all nodes are registered.
// They are not Ready: they have no pod network yet.
func Start(ctx context.Context, o Options) (*Bed, error) {
	if o.Log == nil {
		o.Log = io.Discard
	}
	if err := Supported(o.CNI); err != nil {
		return nil, err
	}
	if o.Dir == "" {
		cache, err := CacheDir()
		if err != nil {
			return nil, err
		}
		o.Dir = filepath.Join(cache, "run", o.Minor)
	}
	dir, err := filepath.Abs(o.Dir)
	if err != nil {
		return nil, err
	}
	if _, err := Open(dir); err == nil {
		return nil, fmt.Errorf("a bed runs in %s already: stop it or choose another folder", dir)
	}
	plan, err := prepare(ctx, dir, o)
	if err != nil {
		return nil, fmt.Errorf("prepare the cluster bed of Kubernetes %s: %w", o.Minor, err)
	}
	timeout := o.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("the start took longer than %v", timeout))
	defer cancel()
	return detach(ctx, plan, o.Log)
}

// prepare makes all that the bed is started from: tools of the machine,
// programs, images, and a new folder with certificates and configuration.
func prepare(ctx context.Context, dir string, o Options) (*plan, error) {
	if err := installPackages(ctx, o.CNI, o.Log); err != nil {
		return nil, err
	}
	programs, err := Build(ctx, o.Minor, o.CNI, o.Log)
	if err != nil {
		return nil, err
	}
	images, err := packImages(ctx, programs, o.Images, o.Log)
	if err != nil {
		return nil, err
	}
	if err := clearFolder(dir); err != nil {
		return nil, err
	}
	cache, err := CacheDir()
	if err != nil {
		return nil, err
	}
	p := newPlan(dir, filepath.Dir(cache), programs, images) // what bed 1 has built is beside it
	p.Tied = o.Tied
	if err := p.write(ctx); err != nil {
		return nil, err
	}
	return p, nil
}

// clearFolder empties the folder of an earlier bed, and refuses any other that
// is not empty.
func clearFolder(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return os.MkdirAll(dir, 0o700)
	}
	if err != nil {
		return err
	}
	if len(entries) > 0 {
		if _, err := os.Stat(filepath.Join(dir, planFile)); err != nil {
			return fmt.Errorf("%s holds other things than a bed: choose an empty folder", dir)
		}
	}
	if err := removeCgroups(cgroupName(dir)); err != nil {
		return err
	}
	for _, entry := range entries {
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}
