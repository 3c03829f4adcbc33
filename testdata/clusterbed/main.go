//go:build linux

// Command clusterbed starts, stops and damages a real two-node cluster on this
// machine. See docs/test-beds.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"github.com/fitout-dev/fitout/internal/clusterbed"
)

const usage = `usage: go run ./testdata/clusterbed COMMAND [--kubernetes MINOR] [--dir DIR] ...

  supported                say why no bed can run on this machine, if so
  build                    build what is missing, which start does too
  start                    build what is missing, start the bed, print its kubeconfig
  stop                     end it
  status                   what runs, and where its files are
  exec NODE PROGRAM ...    run a program in the namespaces of a node
  fault kill-node NODE     end a node as if its power had failed
  fault stop-node NODE     end a node in order
  fault start-node NODE    start it again
  fault kill NODE NAME     kill the processes with that name on a node
  fault remove-image NODE IMAGE
  fault load-images NODE   all images of the bed, again
  fault take-port NODE PORT
  fault free-port NODE PORT
  fault cut-link NODE      take the node's network cable out
  fault join-link NODE     put it back

start takes --cni and --ingress: the addons whose images the nodes get. build and
supported take --cni, too: the programs of calico and cilium are built for those who ask.
`

type options struct {
	minor, dir, name, cni, ingress string
}

// main keeps the first thread. The first process of a node executes itself
// again: from another thread, it would look like a zombie for a moment, whose
// namespaces are not to be had, and the owner is about to plug a cable in.
func init() { runtime.LockOSThread() }

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer cancel()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "clusterbed:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 0 {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("no command")
	}
	var o options
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.StringVar(&o.minor, "kubernetes", "1.36", "Kubernetes minor")
	flags.StringVar(&o.dir, "dir", "", "folder of the bed")
	flags.StringVar(&o.name, "name", "", "node, for the bed's own processes")
	flags.StringVar(&o.cni, "cni", "flannel", "pod network whose images the nodes get")
	flags.StringVar(&o.ingress, "ingress", "traefik", "ingress controllers whose images the nodes get, separated by commas")
	if err := flags.Parse(args[1:]); err != nil {
		return err
	}
	if o.dir == "" {
		cache, err := clusterbed.CacheDir()
		if err != nil {
			return err
		}
		o.dir = filepath.Join(cache, "run", o.minor)
	}
	switch args[0] {
	case "supported":
		return clusterbed.Supported(o.cni)
	case "build":
		_, err := clusterbed.Build(ctx, o.minor, o.cni, os.Stderr)
		return err
	case "start":
		return start(ctx, o)
	case "serve":
		return clusterbed.Serve(ctx, o.dir)
	case "fabric":
		return clusterbed.RunFabric(ctx)
	case "node":
		return clusterbed.RunNode(ctx, o.dir, o.name)
	case "janitor":
		signal.Ignore(syscall.SIGTERM, os.Interrupt)
		return clusterbed.RunJanitor(o.dir, os.Stdin)
	}
	b, err := clusterbed.Open(o.dir)
	if err != nil {
		return err
	}
	switch args[0] {
	case "stop":
		return b.Stop(ctx)
	case "status":
		return status(b)
	case "exec":
		return execute(ctx, b, flags.Args())
	case "fault":
		return fault(ctx, b, flags.Args())
	}
	fmt.Fprint(os.Stderr, usage)
	return fmt.Errorf("no command %q", args[0])
}

func start(ctx context.Context, o options) error {
	fitout, cleanup, err := buildFitout(ctx)
	if err != nil {
		return err
	}
	defer cleanup()
	images, err := clusterbed.BundleImages(ctx, fitout, o.minor, o.cni, strings.Split(o.ingress, ",")...)
	if err != nil {
		return err
	}
	b, err := clusterbed.Start(ctx, clusterbed.Options{Minor: o.minor, CNI: o.cni, Dir: o.dir, Images: images, Log: os.Stderr})
	if err != nil {
		return err
	}
	fmt.Printf("export KUBECONFIG=%s\n", b.Kubeconfig)
	return nil
}

// buildFitout builds the command of this checkout, which knows the images.
func buildFitout(ctx context.Context) (string, func(), error) {
	dir, err := os.MkdirTemp("", "fitout-clusterbed-")
	if err != nil {
		return "", nil, err
	}
	path := filepath.Join(dir, "fitout")
	out, err := exec.CommandContext(ctx, "go", "build", "-o", path, "github.com/fitout-dev/fitout/cmd/fitout").CombinedOutput()
	if err != nil {
		os.RemoveAll(dir)
		return "", nil, fmt.Errorf("build fitout: %w\n%s", err, out)
	}
	return path, func() { os.RemoveAll(dir) }, nil
}

func status(b *clusterbed.Bed) error {
	fmt.Printf("Kubernetes %s in %s\nkubeconfig %s\nproxy %s\nowner process %d\n", b.Version, b.Dir, b.Kubeconfig, b.Proxy, b.Owner.PID)
	var names []string
	for name := range b.Nodes {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		state := "running"
		if !b.Nodes[name].Running() {
			state = "gone"
		}
		fmt.Printf("%s process %d, %s\n", name, b.Nodes[name].PID, state)
	}
	return nil
}

func execute(ctx context.Context, b *clusterbed.Bed, words []string) error {
	if len(words) < 2 {
		return errors.New("exec wants a node and a program")
	}
	out, err := b.Exec(ctx, words[0], words[1:]...)
	fmt.Print(out)
	return err
}

// faults are the faults by name, each with the number of words it takes.
var faults = map[string]struct {
	words int
	do    func(ctx context.Context, b *clusterbed.Bed, w []string) error
}{
	"kill-node":  {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.KillNode(ctx, w[0]) }},
	"stop-node":  {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.StopNode(ctx, w[0]) }},
	"start-node": {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.StartNode(ctx, w[0]) }},
	"kill": {2, func(_ context.Context, b *clusterbed.Bed, w []string) error {
		n, err := b.KillProcess(w[0], w[1])
		fmt.Printf("killed %d\n", n)
		return err
	}},
	"remove-image": {2, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.RemoveImage(ctx, w[0], w[1]) }},
	"load-images":  {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.LoadImages(ctx, w[0]) }},
	"take-port":    {2, withPort((*clusterbed.Bed).TakePort)},
	"free-port":    {2, withPort((*clusterbed.Bed).FreePort)},
	"cut-link":     {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.CutLink(ctx, w[0]) }},
	"join-link":    {1, func(ctx context.Context, b *clusterbed.Bed, w []string) error { return b.JoinLink(ctx, w[0]) }},
}

func withPort(do func(*clusterbed.Bed, context.Context, string, int) error) func(context.Context, *clusterbed.Bed, []string) error {
	return func(ctx context.Context, b *clusterbed.Bed, w []string) error {
		port, err := strconv.Atoi(w[1])
		if err != nil {
			return fmt.Errorf("%q is no port: %w", w[1], err)
		}
		return do(b, ctx, w[0], port)
	}
}

func fault(ctx context.Context, b *clusterbed.Bed, words []string) error {
	if len(words) == 0 {
		return errors.New("fault wants a kind: run clusterbed without arguments for the list")
	}
	f, ok := faults[words[0]]
	if !ok || len(words)-1 != f.words {
		return fmt.Errorf("no fault %q with %d words: run clusterbed without arguments for the list", words[0], len(words)-1)
	}
	return f.do(ctx, b, words[1:])
}
