package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var upgradePrinters = map[string]func(w io.Writer, cluster string, p *upgrade.Plan) error{
	"text":     func(w io.Writer, _ string, p *upgrade.Plan) error { return printAll(w, p.Text()) },
	"markdown": func(w io.Writer, _ string, p *upgrade.Plan) error { return printAll(w, p.Markdown()) },
	"json": func(w io.Writer, cluster string, p *upgrade.Plan) error {
		return report.UpgradePlanJSON(w, &report.UpgradePlan{APIVersion: report.Version, Kind: report.UpgradePlanKind, Cluster: cluster, Plan: *p})
	},
}

// upgradeOptions is what fitout upgrade plan takes.
type upgradeOptions struct {
	*runOptions
	from    string
	nodes   int
	decided []string // decisions
	skipped []string // preconditions
}

func upgradePlanCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &upgradeOptions{runOptions: newRunOptions(streams)}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Print what an upgrade to another Kubernetes minor does to a cluster",
		Long: `Plan prints, for each addon, the old and the new version, and for each object what becomes of it: only its labels change,
its configuration is read again without a restart, its pods are replaced (how many at a time, and how long at least), it is
recreated (which field), moved, added or removed; and what cannot be undone. The first line sums it up.

It reads the cluster and changes nothing: it compares what is there with what the bundle of --to renders, and judges the
preconditions: version skew, APIs that are still in use and go, what does not work now, PodDisruptionBudgets that let no node be
drained, what the new minor needs of nodes, and patches that were written for the old one. --skip NAME leaves one out. What
cannot be seen is told, and holds nothing back. With --from it needs no cluster: it compares what the bundles of the two
versions render for the cluster file.

What a person must decide on is listed with its name: a downgrade, more than one minor, a step between versions of an addon that
upstream does not support, another CNI, data path, range of addresses, StorageClass, and versions of custom resources that go
while objects are stored in them. --accept NAME takes a decision. Exit codes: 0 nothing holds the upgrade back, 5 a decision is
needed or a precondition is unmet.`,
		Example: `  fitout upgrade plan --to 1.37 -f cluster.yaml
  fitout upgrade plan --from 1.36 --to 1.37 -f cluster.yaml -o markdown`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.plan(c) },
	}
	o.registerUpgrade(c)
	o.registerPolicies(c)
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long reading the cluster may take")
	c.Flags().StringVar(&o.from, "from", "", "Kubernetes version to upgrade from; no cluster is asked then")
	c.Flags().IntVar(&o.nodes, "nodes", 0, "how many nodes the cluster has, so that the plan can say how long pods take (with --from)")
	c.Flags().StringVarP(&o.output, "output", "o", "text", "format: text, json or markdown")
	return c
}

// registerUpgrade registers what all upgrades take.
func (o *upgradeOptions) registerUpgrade(c *cobra.Command) {
	o.register(c)
	registerKube(o.kube, c.Flags())
	if err := c.Flags().MarkHidden("kubernetes"); err != nil {
		panic(err) // register has just made it
	}
	c.Flags().StringVar(&o.to, "to", "", "Kubernetes version to upgrade to, such as 1.37 or v1.37.1")
	c.Flags().StringSliceVar(&o.decided, "accept", nil, "name of a decision that is taken, as the plan has it; repeatable")
	c.Flags().StringSliceVar(&o.skipped, "skip", nil, "name of a precondition that is not judged ("+strings.Join(upgrade.PreconditionNames, ", ")+"); repeatable")
}

// options checks the flags of all upgrades, and returns what they say; it wants them settled.
func (o *upgradeOptions) options(flags *pflag.FlagSet) (fitout.UpgradeOptions, error) {
	options := fitout.UpgradeOptions{Accept: o.decided, Skip: o.skipped}
	switch {
	case flags.Changed("kubernetes"):
		return options, usageError{errors.New("--kubernetes is ambiguous here; use --to")}
	case o.to == "":
		return options, usageError{errors.New("--to is missing; name the Kubernetes version to upgrade to, such as --to 1.37")}
	}
	options.ApplyOptions = o.fitout
	catalogue, err := o.load()
	if err != nil {
		return options, err
	}
	if err := options.Validate(catalogue.Addons()); err != nil {
		return options, usageError{err}
	}
	return options, nil
}

func (o *upgradeOptions) plan(c *cobra.Command) error {
	print, ok := upgradePrinters[o.output]
	switch {
	case !ok:
		return usageError{fmt.Errorf("--output is %q; use text, json or markdown", o.output)}
	case o.nodes < 0 || o.nodes > 0 && o.from == "":
		return usageError{fmt.Errorf("--nodes is %d; give 1 or more with --from, or leave it out", o.nodes)}
	}
	if err := o.settle(); err != nil {
		return err
	}
	options, err := o.options(c.Flags())
	if err != nil {
		return err
	}
	decide := o.live
	if o.from != "" {
		decide = o.offlinePlan
	}
	p, name, err := decide(c, options)
	if err != nil {
		return err
	}
	if err := print(o.streams.Out, name, p); err != nil {
		return err
	}
	if p.Held() {
		return resultError{report.ExitRefused}
	}
	return nil
}

// live compares a cluster with what it is to be upgraded to.
func (o *upgradeOptions) live(c *cobra.Command, options fitout.UpgradeOptions) (*upgrade.Plan, string, error) {
	ctx, cancel := context.WithTimeout(c.Context(), o.fitout.Timeout)
	defer cancel()
	client, plan, err := o.connect(ctx, c.Flags())
	if err != nil {
		return nil, "", err
	}
	p, err := fitout.DecideUpgrade(ctx, client, plan, options, &quiet{w: o.streams.ErrOut})
	return p, plan.Cluster.Name, err
}

// offlinePlan compares what two versions render for the cluster file.
func (o *upgradeOptions) offlinePlan(c *cobra.Command, options fitout.UpgradeOptions) (*upgrade.Plan, string, error) {
	catalogue, err := o.load()
	if err != nil {
		return nil, "", err
	}
	file, faults, err := o.read(c.Flags())
	if err != nil {
		return nil, "", err
	}
	after, err := fitout.Prepare(catalogue, file, nil, faults)
	if err != nil {
		return nil, "", err
	}
	file, faults = file.With("--from", "kubernetesVersion", o.from)
	before, err := fitout.Prepare(catalogue, file, nil, faults)
	if err != nil {
		return nil, "", err
	}
	warn(o.streams.ErrOut, after.Warnings)
	p, err := fitout.PlanUpgrade(before, after, options, o.nodes)
	return p, after.Cluster.Name, err
}
