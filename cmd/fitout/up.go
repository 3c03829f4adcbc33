package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// runOptions is what up, apply and check have in common.
type runOptions struct {
	input
	packed  packedFlag
	kube    *genericclioptions.ConfigFlags
	cluster cluster.Options
	fitout  fitout.ApplyOptions
	output  string
	streams genericiooptions.IOStreams

	conflicts, prune, recreate, accept []string
}

// verb is one of the runs of the front door. There is no report where it was refused before anything was done.
type verb func(ctx context.Context, c *cluster.Client, p *fitout.Plan, o fitout.ApplyOptions, progress fitout.Progress) (*report.Report, error)

// upOptions is what fitout up takes.
type upOptions struct {
	*runOptions
	probe probeOptions
}

func upCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &upOptions{runOptions: newRunOptions(streams)}
	c := o.command("up", "Fit out a cluster: ask it, render, apply in waves, check, probe", nil)
	c.RunE = func(c *cobra.Command, _ []string) error { return o.run(c) }
	c.Long = `Up is the main job: it asks the cluster for what the cluster file leaves open, renders the bundle of the
cluster's Kubernetes version, applies it in waves, each once the one before is ready, checks the result, and tries
whether the cluster does its job, as fitout check does; what does not work yet is tried again for a minute.
Running it again changes nothing. With no nodes yet it applies everything and ends as pending (exit code 3).`
	c.Example = `  fitout up
  fitout up -f cluster.yaml -o json
  fitout up --bundle oci://registry.example.com/clusters/eu-1@sha256:...
  fitout up --cni flannel --ingress traefik`
	o.registerApply(c)
	o.packed.registerPacked(c)
	o.registerNoLogs(c)
	o.probe.register(c.Flags())
	return c
}

func (o *upOptions) run(c *cobra.Command) error {
	if err := o.probe.validate(nil, false); err != nil {
		return err
	}
	return o.runOptions.run(c, func(ctx context.Context, client *cluster.Client, p *fitout.Plan, options fitout.ApplyOptions, progress fitout.Progress) (*report.Report, error) {
		if err := o.probe.known(p.Checks()); err != nil {
			return nil, err
		}
		probe := o.probe.options(o.runOptions, p, fitout.Selection{}, c.Flags())
		return fitout.Up(ctx, client, p, fitout.UpOptions{ApplyOptions: options, Probe: &probe, Prober: client}, progress)
	})
}

func applyCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	c := o.command("apply", "Apply a bundle in waves, without the check at the end", func(ctx context.Context, client *cluster.Client, p *fitout.Plan, options fitout.ApplyOptions, progress fitout.Progress) (*report.Report, error) {
		return fitout.Apply(ctx, client, p, options, progress)
	})
	o.registerApply(c)
	o.packed.registerPacked(c)
	return c
}

func newRunOptions(streams genericiooptions.IOStreams) *runOptions {
	return &runOptions{input: input{in: streams.In}, kube: genericclioptions.NewConfigFlags(true), streams: streams,
		fitout: fitout.ApplyOptions{Timing: fitout.DefaultTiming, Version: version()}}
}

func (o *runOptions) registerApply(c *cobra.Command) {
	o.registerApplying(c)
	c.Flags().BoolVar(&o.fitout.DryRun, "dry-run", false, "say what would be applied and removed, and change nothing")
}

// registerApplying registers how changes are carried out.
func (o *runOptions) registerApplying(c *cobra.Command) {
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long the whole run may take")
	o.registerPolicies(c)
	c.Flags().BoolVar(&o.fitout.SkipPreflight, "skip-preflight", false, "do not let the API server judge all changes in a dry run before the first one is made")
	c.Flags().Func("min-ready", "how many of the nodes that can run a pod of a DaemonSet, and of the replicas of other workloads, must be ready before the next wave: a percentage or a number; nodes that are dead or being drained do not count (default 100%)", func(text string) (err error) {
		o.fitout.MinReady, err = check.ParseShare(text)
		return err
	})
	registerLock(c, &o.fitout)
}

// registerPolicies registers what is decided about objects of others, and about those that cannot be changed or are no
// longer wanted.
func (o *runOptions) registerPolicies(c *cobra.Command) {
	c.Flags().StringSliceVar(&o.conflicts, "conflicts", nil, "what happens to fields that others manage: fail, keep or take-over, or ADDON=POLICY; repeatable (default: the cluster file's, or fail)")
	c.Flags().BoolVar(&o.fitout.Policies.Adopt, "adopt", false, "take over what kubeadm, kubectl, Helm or another tool installed; says what")
	c.Flags().StringSliceVar(&o.fitout.IgnoreExisting, "ignore-existing", nil, "role (cni, proxy, dns, metrics, ...) of which an addon is installed although the cluster has another provider, or all; repeatable")
	c.Flags().StringSliceVar(&o.accept, "accept-loss", nil, "KIND/NAME of an object whose settings by another tool may be lost when it is adopted, or all; repeatable")
	c.Flags().StringSliceVar(&o.recreate, "recreate", nil, "KIND/NAME of an object that may be deleted and created again if a field of it cannot be changed; repeatable")
	c.Flags().StringSliceVar(&o.prune, "prune", nil, "KIND/NAME of a namespace, definition, volume, StatefulSet or Secret that is no longer wanted and may be removed; repeatable")
}

func (o *runOptions) registerNoLogs(c *cobra.Command) {
	c.Flags().BoolVar(&o.cluster.NoLogs, "no-logs", false, "do not read the logs of pods that are not ready: no line of them is in the report, and some causes are not found")
}

// registerLock registers what a run that changes the cluster waits for.
func registerLock(c *cobra.Command, o *fitout.ApplyOptions) {
	c.Flags().DurationVar(&o.LockTimeout, "lock-timeout", time.Minute, "how long to wait for another run that is changing the cluster")
}

// settle turns flags into options.
func (o *runOptions) settle() (err error) {
	o.cluster.Holder = holder()
	policies := &o.fitout.Policies
	policies.Recreate, policies.Prune, policies.Accept = o.recreate, o.prune, o.accept
	if policies.Conflicts, err = changeset.ParsePolicies(o.conflicts); err != nil {
		return usageError{err}
	}
	return nil
}

func (o *runOptions) command(name, short string, run verb) *cobra.Command {
	c := &cobra.Command{
		Use: name, Short: short, Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c, run) },
	}
	o.registerRun(c)
	return c
}

func (o *runOptions) registerRun(c *cobra.Command) {
	o.register(c)
	registerKube(o.kube, c.Flags())
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format of the report: "+strings.Join(formats, ", "))
}

// run does one run of a verb on a cluster and its plan.
func (o *runOptions) run(c *cobra.Command, run verb) error {
	return o.reported(c.Context(), func(ctx context.Context, progress fitout.Progress) (*report.Report, error) {
		client, plan, err := o.connect(ctx, c.Flags())
		if err != nil {
			return nil, err
		}
		return run(ctx, client, plan, o.fitout, progress)
	})
}

// reported does one run, within its time, and prints its report. A report that says what is wrong is all the error there is.
func (o *runOptions) reported(ctx context.Context, run func(context.Context, fitout.Progress) (*report.Report, error)) error {
	print, err := reportPrinter(o.output)
	if err != nil {
		return err
	}
	if err := o.settle(); err != nil {
		return err
	}
	progress := newProgress(o.streams.ErrOut, time.Now)
	o.cluster.Trouble = func(with string, cause error) {
		progress.Note(fmt.Sprintf("trouble with %s (%v); trying for a while", with, cause))
	}
	ctx, cancel := context.WithTimeout(ctx, o.fitout.Timeout)
	defer cancel()
	r, runErr := run(ctx, progress)
	progress.Close()
	if r == nil {
		return runErr
	}
	if err := print(o.streams.Out, r); err != nil {
		return err
	}
	if runErr != nil {
		return runErr
	}
	return result(r.ExitCode())
}

// connect connects to the cluster and prepares a plan for it.
func (o *runOptions) connect(ctx context.Context, flags *pflag.FlagSet) (*cluster.Client, *fitout.Plan, error) {
	if err := o.packed.validate(); err != nil {
		return nil, nil, err
	}
	if o.packed.from == "" {
		return o.online(ctx, flags, o.kube, o.cluster)
	}
	if err := o.packed.contradicts(flags); err != nil {
		return nil, nil, err
	}
	packed, err := o.packed.read(ctx)
	if err != nil {
		return nil, nil, err
	}
	catalogue, err := o.load()
	if err != nil {
		return nil, nil, err
	}
	client, facts, err := o.ask(ctx, o.kube, o.cluster)
	if err != nil {
		return nil, nil, err
	}
	plan, err := fitout.PreparePacked(catalogue, packed.Bundle, facts)
	if err == nil {
		plan.Findings = append(plan.Findings, packed.findings()...)
		plan.SignedBy = packed.signedBy()
	}
	return client, plan, err
}

// result is the error that an exit code stands for.
func result(code int) error {
	if code == report.ExitGood {
		return nil
	}
	return resultError{code}
}
