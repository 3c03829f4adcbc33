package main

import (
	"context"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// runOptions is what up, apply and check have in common.
type runOptions struct {
	input
	kube    *genericclioptions.ConfigFlags
	cluster cluster.Options
	timing  fitout.Timing
	output  string
	streams genericiooptions.IOStreams
	probe   *probeOptions // where the run ends with probes
}

// verb is one of the runs of the front door.
type verb func(ctx context.Context, c fitout.Cluster, p *fitout.Plan, t fitout.Timing, progress fitout.Progress) (*report.Report, error)

func upCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	c := o.command("up", "Fit out a cluster: ask it, render, apply in waves, check", fitout.Up)
	c.Long = `Up is the main job: it asks the cluster for what the cluster file leaves open, renders the bundle of the
cluster's Kubernetes version, applies it in waves, each once the one before is ready, and checks the result.
Running it again changes nothing. With no nodes yet it applies everything and ends as pending (exit code 3).`
	c.Example = `  fitout up
  fitout up -f cluster.yaml -o json
  fitout up --cni flannel --ingress traefik`
	o.registerApply(c)
	return c
}

func applyCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	c := o.command("apply", "Apply a bundle in waves, without the check at the end", fitout.Apply)
	o.registerApply(c)
	return c
}

func newRunOptions(streams genericiooptions.IOStreams) *runOptions {
	return &runOptions{input: input{in: streams.In}, kube: genericclioptions.NewConfigFlags(true), timing: fitout.DefaultTiming, streams: streams}
}

func (o *runOptions) registerApply(c *cobra.Command) {
	c.Flags().DurationVar(&o.timing.Timeout, "timeout", o.timing.Timeout, "how long the whole run may take")
	c.Flags().BoolVar(&o.cluster.ForceConflicts, "force-conflicts", false, "take over fields that another manager owns")
}

func (o *runOptions) command(name, short string, run verb) *cobra.Command {
	c := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c, run) },
	}
	o.register(c)
	registerKube(o.kube, c.Flags())
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format of the report: table, json or junit")
	return c
}

// run does one run and prints its report. A report that says what is wrong is all the error there is.
func (o *runOptions) run(c *cobra.Command, run verb) error {
	print, err := reportPrinter(o.output)
	if err != nil {
		return err
	}
	if o.probe != nil {
		if err := o.probe.validate(); err != nil {
			return err
		}
	}
	o.cluster.Waiting = func(reason error) {
		fmt.Fprintf(o.streams.ErrOut, "the API server does not answer yet (%v); trying for a while\n", reason)
	}
	client, plan, err := o.online(c.Context(), c.Flags(), o.kube, o.cluster)
	if err != nil {
		return err
	}
	progress := newProgress(o.streams.ErrOut, time.Now)
	r, runErr := run(c.Context(), client, plan, o.timing, progress)
	progress.Close()
	if o.probe != nil && runErr == nil {
		runErr = o.probe.run(c.Context(), o, c.Flags(), client, plan, r)
	}
	if err := print(o.streams.Out, r); err != nil {
		return err
	}
	if runErr != nil {
		return runErr
	}
	if code := r.ExitCode(); code != report.ExitGood {
		return resultError{code}
	}
	return nil
}
