package main

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func uninstallCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	yes := false
	c := &cobra.Command{
		Use:   "uninstall",
		Short: "Remove everything that Fitout has put into a cluster",
		Long: `Uninstall removes every object of the cluster's inventory, in the reverse of the order in which they were applied, and
the inventory at the end. What somebody else has taken over stays, as do namespaces and definitions that are still in
use. Pods lose their network: it is for clusters that are given up, or given to another tool.`,
		Example: "  fitout uninstall --dry-run\n  fitout uninstall --yes",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !yes && !o.fitout.DryRun {
				return usageError{errors.New("this takes the network away from every pod; see what goes with --dry-run, then run again with --yes")}
			}
			return o.uninstall(c.Context())
		},
	}
	registerKube(o.kube, c.Flags())
	registerLock(c, &o.fitout)
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format of the report: "+strings.Join(formats, ", "))
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long the whole run may take")
	c.Flags().BoolVar(&o.fitout.DryRun, "dry-run", false, "say what would be removed, and change nothing")
	c.Flags().StringSliceVar(&o.prune, "prune", nil, "KIND/NAME of a namespace or definition to remove with all that others have in it; repeatable")
	c.Flags().BoolVar(&yes, "yes", false, "remove it")
	return c
}

func (o *runOptions) uninstall(ctx context.Context) error {
	print, err := reportPrinter(o.output)
	if err != nil {
		return err
	}
	if err := o.settle(); err != nil {
		return err
	}
	config, err := restConfig(o.kube)
	if err != nil {
		return usageError{err}
	}
	bounded, cancel := context.WithTimeout(ctx, o.fitout.Timeout)
	defer cancel()
	client, err := cluster.New(bounded, config, o.cluster)
	if err != nil {
		return err
	}
	progress := newProgress(o.streams.ErrOut, time.Now)
	options := fitout.UninstallOptions{Timeout: o.fitout.Timeout, LockTimeout: o.fitout.LockTimeout, Prune: o.fitout.Policies.Prune, DryRun: o.fitout.DryRun}
	r, runErr := fitout.Uninstall(bounded, client, options, progress)
	progress.Close()
	return errors.Join(print(o.streams.Out, r), runErr)
}
