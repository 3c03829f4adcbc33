// Command bed starts and stops test beds: real Kubernetes control planes with
// simulated nodes on this machine. See README.md next to it, and package
// internal/bed for the same from Go.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
)

const usage = `usage: go run ./testdata/bed VERB [flags]

  build  [--kubernetes MINOR]                build what the cache lacks (all minors without the flag)
  start  [--kubernetes MINOR] [--nodes N] [--provider-id-prefix P] [--dir DIR]
                                             start a bed that goes on when the command ends; print its kubeconfig
  nodes  N [--kubernetes MINOR] [--dir DIR]  add N simulated nodes to it
  status [--kubernetes MINOR] [--dir DIR]    show its processes
  stop   [--kubernetes MINOR] [--dir DIR]    stop it
  module VERSION                             make or update the nested module of a release, for example 1.37.1

`

// options are the flags of all verbs.
type options struct {
	kubernetes       string
	nodes            int
	dir              string
	providerIDPrefix string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintf(os.Stderr, "bed: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	verbs := map[string]func(context.Context, options, []string) error{
		"build": build, "start": start, "nodes": nodes, "status": status, "stop": stop, "module": module,
		"serve": serve, // what start runs in the background
	}
	if len(args) == 0 || verbs[args[0]] == nil {
		fmt.Fprint(os.Stderr, usage)
		return errors.New("name one of the verbs")
	}
	var o options
	set := flag.NewFlagSet("bed "+args[0], flag.ContinueOnError)
	set.StringVar(&o.kubernetes, "kubernetes", "", "minor of Kubernetes (1.36 when not given)")
	set.StringVar(&o.dir, "dir", "", "folder of the bed (one for each minor in the user's cache when not given)")
	set.IntVar(&o.nodes, "nodes", 3, "simulated nodes")
	set.StringVar(&o.providerIDPrefix, "provider-id-prefix", "", "with the node's name behind it: its provider id")
	words, err := parse(set, args[1:])
	if err != nil {
		return err
	}
	if args[0] != "build" {
		if o, err = o.complete(); err != nil {
			return err
		}
	}
	return verbs[args[0]](ctx, o, words)
}

// parse takes flags before and after words, and returns the words.
func parse(set *flag.FlagSet, args []string) (words []string, err error) {
	for {
		if err := set.Parse(args); err != nil {
			return nil, err
		}
		if set.NArg() == 0 {
			return words, nil
		}
		words, args = append(words, set.Arg(0)), set.Args()[1:]
	}
}

// complete fills in what was not given.
func (o options) complete() (options, error) {
	if o.kubernetes == "" {
		o.kubernetes = "1.36"
	}
	if o.dir == "" {
		cache, err := bed.CacheDir()
		if err != nil {
			return o, err
		}
		o.dir = filepath.Join(cache, "run", o.kubernetes)
	}
	var err error
	o.dir, err = filepath.Abs(o.dir)
	return o, err
}

func build(ctx context.Context, o options, _ []string) error {
	minors := []string{o.kubernetes}
	if o.kubernetes == "" {
		var err error
		if minors, err = bed.Minors(); err != nil {
			return err
		}
	}
	for _, minor := range minors {
		binaries, err := bed.Build(ctx, minor, os.Stderr)
		if err != nil {
			return err
		}
		fmt.Println(binaries.Version, binaries.Kube)
	}
	return nil
}

func start(ctx context.Context, o options, _ []string) error {
	if _, err := bed.Build(ctx, o.kubernetes, os.Stderr); err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	record, err := bed.Detach(ctx, o.dir, os.Stderr, self, "serve", "--kubernetes", o.kubernetes,
		"--dir", o.dir, "--nodes", strconv.Itoa(o.nodes), "--provider-id-prefix", o.providerIDPrefix)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bed: stop it with: go run ./testdata/bed stop --dir %s\n", o.dir)
	fmt.Println(record.Kubeconfig)
	return nil
}

func serve(ctx context.Context, o options, _ []string) error {
	b, err := bed.Start(ctx, bed.Options{
		Minor: o.kubernetes, Nodes: o.nodes, Dir: o.dir, ProviderIDPrefix: o.providerIDPrefix, Log: os.Stderr,
	})
	if err != nil {
		return err
	}
	<-ctx.Done()
	return b.Stop()
}

func nodes(ctx context.Context, o options, words []string) error {
	if len(words) != 1 {
		return errors.New("nodes wants one number")
	}
	n, err := strconv.Atoi(words[0])
	if err != nil {
		return fmt.Errorf("nodes wants a number: %w", err)
	}
	record, err := bed.Open(o.dir)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, bed.DefaultTimeout)
	defer cancel()
	return record.AddNodes(ctx, n)
}

func status(_ context.Context, o options, _ []string) error {
	record, err := bed.Open(o.dir)
	if err != nil {
		return err
	}
	return show(os.Stdout, record)
}

// show prints a record for people.
func show(w io.Writer, r *bed.Record) error {
	fmt.Fprintf(w, "Kubernetes %s at %s, ready: %v\nkubeconfig %s\nlogs       %s\n",
		r.Version, r.Server, r.Ready, r.Kubeconfig, filepath.Join(r.Dir, "logs"))
	var names []string
	for name := range r.Components {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		process := r.Components[name]
		if _, err := fmt.Fprintf(w, "%-24s pid %-7d %4d MiB\n", name, process.PID, process.Memory()>>20); err != nil {
			return err
		}
	}
	return nil
}

func stop(ctx context.Context, o options, _ []string) error {
	record, err := bed.Open(o.dir)
	if errors.Is(err, bed.ErrNoBed) { // as wanted
		fmt.Fprintf(os.Stderr, "bed: none runs in %s\n", o.dir)
		return nil
	}
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := record.Stop(ctx); err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "bed: stopped Kubernetes %s in %s\n", record.Version, record.Dir)
	return nil
}

func module(ctx context.Context, _ options, words []string) error {
	if len(words) != 1 {
		return errors.New("module wants one version, for example 1.37.1")
	}
	dir, err := bed.WriteModule(ctx, words[0], os.Stderr)
	if err != nil {
		return err
	}
	fmt.Println(dir)
	return nil
}
