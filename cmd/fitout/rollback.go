package main

import (
	"context"
	"strings"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func rollbackCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	c := &cobra.Command{
		Use:   "rollback",
		Short: "Apply what a cluster was fitted out with before its last change of bundle, version or cluster file",
		Long: `Rollback applies, byte for byte, what the last complete run before the present one had applied: it is kept in the cluster
beside the inventory, so that neither the cluster file nor the Fitout of then is needed. Rolling back twice is rolling forward.

It goes wave by wave and removes what is no longer wanted, as fitout up does. It refuses to begin if the API server does not serve
what is to be applied. What cannot be undone, such as definitions with objects of theirs, stays.`,
		Example: "  fitout rollback --dry-run\n  fitout rollback",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return o.rollback(c.Context()) },
	}
	registerKube(o.kube, c.Flags())
	o.registerApply(c)
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format of the report: "+strings.Join(formats, ", "))
	return c
}

func (o *runOptions) rollback(ctx context.Context) error {
	return o.reported(ctx, func(ctx context.Context, progress fitout.Progress) (*report.Report, error) {
		config, err := restConfig(o.kube)
		if err != nil {
			return nil, usageError{err}
		}
		client, err := cluster.New(ctx, config, o.cluster)
		if err != nil {
			return nil, err
		}
		return fitout.Rollback(ctx, client, o.fitout, progress)
	})
}
