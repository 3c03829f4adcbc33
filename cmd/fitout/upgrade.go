package main

import (
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func upgradeCommand(streams genericiooptions.IOStreams) *cobra.Command {
	c := &cobra.Command{
		Use:   "upgrade",
		Short: "Move a cluster to the next Kubernetes minor",
		Long: `Upgrade says what a cluster's addons go through as the cluster moves to another Kubernetes minor. It upgrades no API server
and no kubelet: whoever does that calls it before.`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(upgradePlanCommand(streams), upgradeRunCommand(streams))
	return c
}
