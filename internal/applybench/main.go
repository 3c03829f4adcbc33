// Command applybench compares ways to apply objects to one API server: fitout apply, kubectl apply --server-side, helm
// upgrade --install, and a bare loop of concurrent PATCHes as the floor. Each run is a process of its own, behind a proxy
// that delays every round trip and counts requests. The runs are interleaved, and the medians are printed as Markdown.
// Run it from the root of the module.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
)

// options are the flags.
type options struct {
	sizes   []int
	delays  []time.Duration
	tools   []string
	rounds  int
	verbose bool
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 3 && os.Args[1] == floorVerb {
		err = floor(ctx, os.Args[2])
	} else {
		err = run(ctx, os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "applybench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "fitout-applybench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tools, err := prepare(ctx, dir, o)
	if err != nil {
		return err
	}
	b, err := bed.Start(ctx, bed.Options{Minor: minor, Log: os.Stderr})
	if err != nil {
		return err
	}
	defer b.Stop()
	results, err := measure(ctx, o, tools, dir, b.Kubeconfig())
	if len(results) == 0 {
		return err
	}
	return errors.Join(write(os.Stdout, results), err) // also where it was interrupted
}

func parse(args []string) (options, error) {
	var o options
	var sizes, delays, tools string
	set := flag.NewFlagSet("applybench", flag.ContinueOnError)
	set.StringVar(&sizes, "objects", "100,500", "numbers of objects")
	set.StringVar(&delays, "delays", "0,20ms", "what is added to each round trip")
	set.StringVar(&tools, "tools", strings.Join(toolNames, ","), "what to compare")
	set.IntVar(&o.rounds, "rounds", 5, "runs of each")
	set.BoolVar(&o.verbose, "v", false, "show what the tools print")
	if err := set.Parse(args); err != nil {
		return o, err
	}
	for _, text := range strings.Split(sizes, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return o, fmt.Errorf("-objects: %q is no number of objects; give such as 100,500", text)
		}
		o.sizes = append(o.sizes, n)
	}
	for _, text := range strings.Split(delays, ",") {
		d, err := time.ParseDuration(text)
		if err != nil {
			return o, fmt.Errorf("-delays: %w; give such as 0,20ms", err)
		}
		o.delays = append(o.delays, d)
	}
	o.tools = strings.Split(tools, ",")
	return o, nil
}
