package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func upgradeRunCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &upgradeOptions{runOptions: newRunOptions(streams)}
	phase := ""
	c := &cobra.Command{
		Use:   "run",
		Short: "Upgrade a cluster's addons, in the phases between which control plane and nodes are upgraded",
		Long: `Run makes one phase of an upgrade. Call it three times: before the control plane is upgraded, once all API servers are of the
new minor, and once all kubelets are.

before-control-plane applies the addons whose versions also run on the old minor, as far as the old API servers take their
objects; after-control-plane everything else; after-nodes removes what is no longer wanted, and checks the result.

Each phase judges the preconditions of fitout upgrade plan, and refuses to begin if a decision is needed or one is unmet; applies
by waves, each once the one before is ready, and ends at the first that does not become ready. Run the same command again to go on
where it stopped. The inventory says which phase the cluster is in. Exit codes are those of fitout up.`,
		Example: `  fitout upgrade run --to 1.37 --phase before-control-plane -f cluster.yaml
  fitout upgrade run --to 1.37 --phase after-control-plane -f cluster.yaml
  fitout upgrade run --to 1.37 --phase after-nodes -f cluster.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return o.run(c, upgrade.Phase(phase)) },
	}
	o.registerUpgrade(c)
	o.registerApplying(c)
	c.Flags().StringVar(&phase, "phase", "", "phase: "+strings.Join(phaseNames(), ", "))
	c.Flags().StringVarP(&o.output, "output", "o", "table", "format of the report: "+strings.Join(formats, ", "))
	return c
}

func phaseNames() []string {
	var names []string
	for _, p := range upgrade.Phases {
		names = append(names, string(p))
	}
	return names
}

func (o *upgradeOptions) run(c *cobra.Command, phase upgrade.Phase) error {
	if !slices.Contains(upgrade.Phases, phase) {
		return usageError{fmt.Errorf("--phase is %q; use one of %s", phase, strings.Join(phaseNames(), ", "))}
	}
	return o.reported(c.Context(), func(ctx context.Context, progress fitout.Progress) (*report.Report, error) {
		options, err := o.options(c.Flags())
		if err != nil {
			return nil, err
		}
		options.Phase = phase
		client, plan, err := o.connect(ctx, c.Flags())
		if err != nil {
			return nil, err
		}
		return fitout.Upgrade(ctx, client, plan, options, progress)
	})
}
