package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// checkOptions is what fitout check takes.
type checkOptions struct {
	*runOptions
	since   time.Duration
	chosen  fitout.Selection
	probe   probeOptions
	watch   watchOptions
	during  duringOptions
	metrics metricsOptions
}

func checkCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &checkOptions{runOptions: newRunOptions(streams)}
	o.fitout.Settle = 0
	c := &cobra.Command{
		Use: "check", Short: "Judge whether a cluster is fitted out and works", Args: o.during.args,
		Long: `Check compares a cluster with its bundle, and tries whether it does its job: whether names are found, packets
arrive and requests are answered. For this it starts small pods on every node, in a namespace of their own that it removes
again, also when it is killed. What it judges it does not change. docs/probes.md says what each probe proves.`,
		Example: `  fitout check
  fitout check --probe=always --probe-image registry.example.org/fitout:v1.0.0
  fitout check --probe --probe-storage=scw-bssd
  fitout check --only dns-service,cilium/ready -o junit
  fitout check --watch --probe=never -o json
  fitout check --during --max-gap 1s -- kubectl -n kube-system rollout restart deployment coredns`,
		RunE: func(c *cobra.Command, args []string) error { return o.run(c, args) },
	}
	o.registerRun(c)
	o.packed.registerPacked(c)
	c.Flags().DurationVar(&o.fitout.Settle, "wait", o.fitout.Settle, "how long to wait for what is not good yet")
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long all of it may take; with --watch and --during there is no end unless this is given")
	c.Flags().DurationVar(&o.since, "since", 0, "also look back: a container that was restarted in this time is a fault, though it runs again (30m)")
	c.Flags().StringSliceVar(&o.chosen.Only, "only", nil, "check only these: names of checks and probes, or ADDON/NAME")
	c.Flags().StringSliceVar(&o.chosen.Skip, "skip", nil, "do not check these: names of checks and probes, or ADDON/NAME")
	o.registerNoLogs(c)
	o.probe.register(c.Flags())
	o.watch.register(c.Flags())
	o.metrics.register(c.Flags())
	o.during.register(c.Flags())
	return c
}

// validate refuses what cannot be done, before anything is.
func (o *checkOptions) validate() error {
	if o.fitout.Timeout <= 0 {
		return usageError{fmt.Errorf("--timeout is %v; give a time, such as 2m", o.fitout.Timeout)}
	}
	if o.since < 0 {
		return usageError{fmt.Errorf("--since is %v; give how long to look back, such as 30m", o.since)}
	}
	return errors.Join(o.probe.validate(o.chosen.Only, o.watch.on || o.during.on), o.watch.validate(o.output), o.metrics.validate(o.watch.on), o.during.validate(o))
}

func (o *checkOptions) run(c *cobra.Command, args []string) error {
	print, err := reportPrinter(o.output)
	if err != nil {
		return err
	}
	if err := o.validate(); err != nil {
		return err
	}
	ctx, cancel := o.bounded(c)
	defer cancel()
	client, plan, err := o.connect(ctx, c.Flags())
	if err != nil {
		return o.late(ctx, err)
	}
	if err := o.chosen.Validate(plan.Checks()); err != nil {
		return usageError{err}
	}
	if err := o.probe.known(plan.Checks()); err != nil {
		return err
	}
	if o.during.on {
		return o.late(ctx, o.during.run(ctx, o, c.Flags(), client, plan, args))
	}
	progress := newProgress(o.streams.ErrOut, time.Now)
	if err := o.metrics.serve(ctx); err != nil {
		return err
	}
	once := func(ctx context.Context) (*report.Report, error) {
		r, err := o.once(ctx, c.Flags(), client, plan, progress)
		if told := o.metrics.tell(r); told != nil {
			return r, errors.Join(err, fmt.Errorf("--metrics: %w", told))
		}
		return r, err
	}
	if o.watch.on {
		defer progress.Close()
		return o.watch.run(ctx, o, once)
	}
	r, runErr := once(ctx)
	progress.Close()
	if err := print(o.streams.Out, r); err != nil {
		return err
	}
	if runErr != nil {
		return o.late(ctx, runErr)
	}
	return result(r.ExitCode())
}

// once checks and probes.
func (o *checkOptions) once(ctx context.Context, flags *pflag.FlagSet, client *cluster.Client, plan *fitout.Plan, progress fitout.Progress) (*report.Report, error) {
	options := fitout.CheckOptions{Timing: o.fitout.Timing, Conflicts: o.fitout.Policies.Conflicts, Select: o.chosen, Since: o.since}
	r, err := fitout.Check(ctx, client, plan, options, progress)
	if err != nil {
		return r, err
	}
	return r, fitout.Probe(ctx, client, plan, o.probe.options(o.runOptions, plan, o.chosen, flags), r)
}

// errLate is why the context of a check ends when its time is over.
var errLate = errors.New("the time of the check is over")

// bounded is the context of the whole check.
func (o *checkOptions) bounded(c *cobra.Command) (context.Context, context.CancelFunc) {
	if (o.watch.on || o.during.on) && !c.Flags().Changed("timeout") {
		return context.WithCancel(c.Context())
	}
	return context.WithTimeoutCause(c.Context(), o.fitout.Timeout, errLate)
}

// late says of an error that it came with the end of the time.
func (o *checkOptions) late(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), errLate) {
		return fmt.Errorf("the check has not ended within %v: %w; see whether the API server answers, or raise --timeout", o.fitout.Timeout, err)
	}
	return err
}
