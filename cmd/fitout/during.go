package main

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// duringOptions are the flags of a check that goes on while a command runs.
type duringOptions struct {
	on     bool
	rate   float64
	maxGap time.Duration
}

func (o *duringOptions) register(flags *pflag.FlagSet) {
	flags.BoolVar(&o.on, "during", false, "run the command after -- and report what the cluster DNS, a Service and the ingress' host ports did not answer meanwhile")
	flags.Float64Var(&o.rate, "rate", 10, "with --during, requests in a second on each path")
	flags.DurationVar(&o.maxGap, "max-gap", 0, "with --during, the longest time without an answer that is no failure (default: any)")
}

// args wants a command where there is to be one.
func (o *duringOptions) args(c *cobra.Command, args []string) error {
	if !o.on {
		return cobra.NoArgs(c, args)
	}
	if len(args) == 0 {
		return usageError{errors.New("--during has no command; give it after --")}
	}
	if _, err := exec.LookPath(args[0]); err != nil {
		return usageError{fmt.Errorf("--during: %w; give the command after --", err)}
	}
	return nil
}

func (o *duringOptions) validate(c *checkOptions) error {
	switch {
	case !o.on:
		return nil
	case c.watch.on:
		return usageError{errors.New("--during and --watch exclude each other; use one")}
	case c.output != "table" && c.output != "json":
		return usageError{fmt.Errorf("--during has no -o %s; use -o table or -o json", c.output)}
	case len(c.chosen.Only)+len(c.chosen.Skip) > 0:
		return usageError{errors.New("--only and --skip cannot be used with --during; leave them out")}
	case !(o.rate > 0 && o.rate <= probe.MaxRate):
		return usageError{fmt.Errorf("--rate is %v; give a number above 0, up to %d", o.rate, probe.MaxRate)}
	case o.maxGap < 0:
		return usageError{fmt.Errorf("--max-gap is %v; give a time, such as 1s", o.maxGap)}
	}
	return nil
}

// run runs a command, whose output is progress, and prints what was lost meanwhile. The exit code is that of the command,
// or of what was lost.
func (o *duringOptions) run(ctx context.Context, c *checkOptions, flags *pflag.FlagSet, client *cluster.Client, plan *fitout.Plan, args []string) error {
	options := c.probe.options(c.runOptions, plan, c.chosen, flags)
	var started error
	r, err := fitout.During(ctx, client, plan, fitout.DuringOptions{ProbeOptions: options, Rate: o.rate}, func(ctx context.Context) int {
		var code int
		code, started = o.command(ctx, c, args)
		return code
	})
	if r == nil {
		return err
	}
	r.Command, r.MaxGapSeconds = args, o.maxGap.Seconds()
	print := report.ContinuityTable
	if c.output == "json" {
		print = report.ContinuityJSON
	}
	if err := errors.Join(print(c.streams.Out, r), err, started); err != nil {
		return err
	}
	return result(r.ExitCode())
}

// command runs a command to its end and returns its exit code. When the check is to end, the command is asked to, and
// waited for: nobody wants an upgrade that was killed.
func (o *duringOptions) command(ctx context.Context, c *checkOptions, args []string) (int, error) {
	run := exec.CommandContext(ctx, args[0], args[1:]...)
	run.Stdin, run.Stdout, run.Stderr = c.streams.In, c.streams.ErrOut, c.streams.ErrOut
	if f := fileOf(c.streams.ErrOut); f != nil { // the user's own command prints as it does without fitout
		run.Stdout, run.Stderr = f, f
	}
	run.Cancel = func() error { return run.Process.Signal(syscall.SIGTERM) }
	err := run.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
		return report.ExitGood, nil
	case errors.As(err, &exit) && exit.ExitCode() >= 0:
		return exit.ExitCode(), nil
	}
	return report.ExitFailed, fmt.Errorf("%s: %w; see what it printed", args[0], err)
}
