// Package bed runs real Kubernetes control planes for tests, on one Linux
// machine, without containers: etcd, kube-apiserver,
// kube-controller-manager and kube-scheduler of one release, built from source
// in the nested modules of testdata/bed, and kwok, which simulates the nodes
// and the pods on them.
//
//	b, err := bed.Start(ctx, bed.Options{Minor: "1.36", Nodes: 3, Log: os.Stderr})
//	...
//	defer b.Stop()
//	use(b.Kubeconfig())
//
// Everything listens on the loopback. Objects, admission, controllers,
// scheduling and node networks are real; what would run inside the pods is
// not there, and nothing reaches them. The processes die with the program
// that started the bed, even when it is killed.
package bed

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// DefaultTimeout is how long a start may take. Idle machines need seconds.
const DefaultTimeout = 120 * time.Second

// Options says what bed to start. Minor is required.
type Options struct {
	// Minor is the Kubernetes minor, as in "1.36". See Minors.
	Minor string
	// Nodes is the number of simulated nodes: amd64 Linux with 3 cores, 4 GiB
	// and room for 110 pods each. None is a normal number.
	Nodes int
	// Dir is where the bed keeps its files: an empty or new folder, or that of
	// an earlier bed, which is replaced. Without it the bed takes a temporary
	// folder and Stop removes it.
	Dir string
	// ProviderIDPrefix, with the name of the node behind it, becomes
	// spec.providerID of each node. Without it nodes have no providerID.
	ProviderIDPrefix string
	// Timeout bounds the start, without the build: DefaultTimeout when 0.
	Timeout time.Duration
	// Log gets a line for each step. Nothing is printed without it.
	Log io.Writer
}

// Bed is a running control plane.
type Bed struct {
	layout     layout
	binaries   Binaries
	nodes      nodeSpec
	client     *client
	components []*component // in the order of their start
	release    func()       // gives the folder back
	temporary  bool
	log        io.Writer

	mu    sync.Mutex // of the record
	ready bool
}

// Start builds what the cache lacks, starts the components one after the
// other, each when the one before is ready, and adds the nodes. On failure it
// names the component, quotes the end of its log, and leaves nothing running;
// the folder with the logs stays.
func Start(ctx context.Context, o Options) (*Bed, error) {
	if err := supported(); err != nil {
		return nil, err
	}
	binaries, err := Build(ctx, o.Minor, o.Log)
	if err != nil {
		return nil, err
	}
	b, err := newBed(o, binaries)
	if err != nil {
		return nil, fmt.Errorf("bed of Kubernetes %s: %w", binaries.Version, err)
	}
	timeout := o.Timeout
	if timeout == 0 {
		timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeoutCause(ctx, timeout, fmt.Errorf("start took longer than %v", timeout))
	defer cancel()
	if err := b.up(ctx, o.Nodes); err != nil {
		return nil, errors.Join(fmt.Errorf("bed of Kubernetes %s: %w", binaries.Version, err), b.down())
	}
	return b, nil
}

// newBed claims the folder and writes certificates and configuration to it.
func newBed(o Options, binaries Binaries) (b *Bed, err error) {
	b = &Bed{
		binaries:  binaries,
		nodes:     nodeSpec{version: binaries.Version, providerIDPrefix: o.ProviderIDPrefix},
		temporary: o.Dir == "",
		log:       o.Log,
	}
	if b.log == nil {
		b.log = io.Discard
	}
	b.layout.minor = minorNumber(binaries.Version)
	if b.temporary {
		b.layout.dir, err = os.MkdirTemp("", "fitout-bed-"+binaries.Minor+"-")
	} else {
		b.layout.dir, err = filepath.Abs(o.Dir)
	}
	if err != nil {
		return nil, err
	}
	if b.release, err = claim(b.layout.dir); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			b.release()
			if b.temporary {
				os.RemoveAll(b.layout.dir)
			}
		}
	}()
	if b.layout.ports, err = freePorts(); err != nil {
		return nil, err
	}
	keys, err := newPKI()
	if err != nil {
		return nil, err
	}
	if err := b.layout.write(keys); err != nil {
		return nil, err
	}
	if b.client, err = newClient(b.layout.server(), keys.ca.cert, keys.admin); err != nil {
		return nil, err
	}
	b.components = b.plan()
	return b, nil
}

// up brings the components and the nodes to life.
func (b *Bed) up(ctx context.Context, nodes int) error {
	begin := time.Now()
	for _, c := range b.components {
		c.start()
		if err := c.waitReady(ctx); err != nil {
			return err
		}
		fmt.Fprintf(b.log, "bed: %s is ready after %.1f s\n", c.name, time.Since(begin).Seconds())
	}
	if err := b.AddNodes(ctx, nodes); err != nil {
		return err
	}
	b.mu.Lock()
	b.ready = true
	b.mu.Unlock()
	if err := b.record(); err != nil {
		return err
	}
	fmt.Fprintf(b.log, "bed: Kubernetes %s with %d nodes is ready after %.1f s\n", b.Version(), nodes, time.Since(begin).Seconds())
	return nil
}

// plan lists the components with how each is run and known to be ready.
func (b *Bed) plan() []*component {
	l := b.layout
	healthz := func(base string) func(context.Context) error {
		return func(ctx context.Context) error { return b.client.healthy(ctx, base+"/healthz") }
	}
	all := []*component{
		{name: Etcd, path: b.binaries.Etcd, args: l.etcdArgs(), ready: func(ctx context.Context) error {
			return b.client.healthy(ctx, "http://"+address(l.ports.etcd)+"/health")
		}},
		{name: APIServer, path: b.binaries.Kube, args: l.apiserverArgs(), ready: healthz(l.server())},
		{name: ControllerManager, path: b.binaries.Kube, args: l.controllersArgs(), ready: b.controllersReady},
		{name: Scheduler, path: b.binaries.Kube, args: l.schedulerArgs(), ready: healthz("https://" + address(l.ports.scheduler))},
		{name: Kwok, path: b.binaries.Kwok, args: l.kwokArgs(b.binaries.Stages), env: l.kwokEnv(), ready: healthz("http://" + address(l.ports.kwok))},
	}
	for _, c := range all {
		c.log = l.path("logs", c.name+".log")
		c.delay, c.patience = firstRestartDelay, usualPatience
		c.launched = func() {
			if err := b.record(); err != nil {
				c.note("%v", err)
			}
		}
	}
	return all
}

// controllersReady also waits for the service account that pods in the
// namespaces default and kube-system are refused without.
func (b *Bed) controllersReady(ctx context.Context) error {
	if err := b.client.healthy(ctx, "https://"+address(b.layout.ports.controllers)+"/healthz"); err != nil {
		return err
	}
	for _, namespace := range []string{"default", "kube-system"} {
		path := "/api/v1/namespaces/" + namespace + "/serviceaccounts/default"
		if err := b.client.do(ctx, http.MethodGet, path, nil, nil); err != nil {
			return err
		}
	}
	return nil
}
