package main

import (
	"context"
	"errors"
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
	run := upgradeRun{upgradeOptions: o}
	c := &cobra.Command{
		Use:   "run",
		Short: "Upgrade a cluster's addons, in the phases between which control plane and nodes are upgraded",
		Long: `Run makes one phase of an upgrade. Call it three times: before the control plane is upgraded, once all API servers are of the
new minor, and once all kubelets are.

before-control-plane applies the addons whose versions also run on the old minor, as far as the old API servers take their
objects; after-control-plane everything else; after-nodes removes what is no longer wanted, and checks the result.

Each phase judges the preconditions of fitout upgrade plan, and refuses to begin if a decision is needed or one is unmet; applies
by waves, each once the one before is ready, and ends at the first that does not become ready. Run the same command again to go on
where it stopped. The inventory says which phase the cluster is in. Exit codes are those of fitout up.

The pods of the network are replaced on one node first (--canary): once they are ready there, everything that worked works, and no
probe fails, those of the other nodes follow. --pause ends before that, with exit code 3; the same command without it goes on.`,
		Example: `  fitout upgrade run --to 1.37 --phase before-control-plane -f cluster.yaml
  fitout upgrade run --to 1.37 --phase after-control-plane -f cluster.yaml
  fitout upgrade run --to 1.37 --phase after-nodes -f cluster.yaml
  fitout upgrade run --to 1.37 --phase after-control-plane -f cluster.yaml --canary 2 --pause`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return run.run(c) },
	}
	o.registerUpgrade(c)
	o.registerApplying(c)
	run.probe.register(c.Flags())
	c.Flags().StringVar(&run.phase, "phase", "", "phase: "+strings.Join(phaseNames(), ", "))
	c.Flags().IntVar(&run.canary, "canary", 1, "on how many nodes the pods of the network are replaced and tried before all others; 0 for none")
	c.Flags().BoolVar(&run.pause, "pause", false, "stop after the canary nodes, with exit code 3")
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

// An upgradeRun is what fitout upgrade run takes.
type upgradeRun struct {
	*upgradeOptions
	phase  string
	canary int
	pause  bool
	probe  probeOptions // of the canary nodes
}

func (o *upgradeRun) validate() error {
	switch {
	case !slices.Contains(upgrade.Phases, upgrade.Phase(o.phase)):
		return usageError{fmt.Errorf("--phase is %q; use one of %s", o.phase, strings.Join(phaseNames(), ", "))}
	case o.canary < 0:
		return usageError{fmt.Errorf("--canary is %d; give a number of nodes, or 0 for none", o.canary)}
	case o.pause && o.canary == 0:
		return usageError{errors.New("--pause has nothing to stop after with --canary 0; leave one of them out")}
	}
	return o.probe.validate(nil, false)
}

func (o *upgradeRun) run(c *cobra.Command) error {
	if err := o.validate(); err != nil {
		return err
	}
	return o.reported(c.Context(), func(ctx context.Context, progress fitout.Progress) (*report.Report, error) {
		options, err := o.options(c.Flags())
		if err != nil {
			return nil, err
		}
		client, plan, err := o.connect(ctx, c.Flags())
		if err != nil {
			return nil, err
		}
		if err := o.probe.known(plan.Checks()); err != nil {
			return nil, err
		}
		probe := o.probe.options(o.runOptions, plan, fitout.Selection{}, c.Flags())
		options.Phase = upgrade.Phase(o.phase)
		options.Canary = fitout.CanaryPlan{Nodes: o.canary, Pause: o.pause, Probe: &probe, Prober: client}
		return fitout.Upgrade(ctx, client, plan, options, progress)
	})
}
