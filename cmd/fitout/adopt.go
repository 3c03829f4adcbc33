package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"sigs.k8s.io/yaml"
)

func adoptCommand(streams genericiooptions.IOStreams) *cobra.Command {
	in, kube, print := &input{in: streams.In}, genericclioptions.NewConfigFlags(true), false
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "adopt --print",
		Short: "Print the settings of another installer's addons as a cluster file",
		Long: `Adopt reads the addons that kubeadm, Helm or another tool has installed, and prints those of their settings that Fitout can
carry over as a cluster file: the mode and configuration of kube-proxy, the upstream resolvers, hosts and replicas of CoreDNS. What
--file and the flags say is in it, and addons whose job others do under names of their own are left out.
Give that file to fitout up --adopt, which lists what would be lost nevertheless. Adopt changes nothing.`,
		Example: "  fitout adopt --print > cluster.yaml\n  fitout up -f cluster.yaml --adopt",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if !print {
				return usageError{errors.New("adopt takes over nothing by itself; give --print, or run fitout up --adopt")}
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			client, plan, err := in.online(ctx, c.Flags(), kube, cluster.Options{})
			if err != nil {
				return err
			}
			file, objects, err := fitout.Adoptable(ctx, client, plan)
			if err != nil {
				return err
			}
			text, err := yaml.Marshal(file)
			if err != nil {
				return err
			}
			printable.Fprintf(streams.ErrOut, "%d objects of other installers\n", objects)
			_, err = fmt.Fprint(streams.Out, printable.Text(string(text)))
			return err
		},
	}
	in.register(c)
	registerKube(kube, c.Flags())
	c.Flags().DurationVar(&timeout, "timeout", fitout.DefaultTiming.Timeout, "how long reading the cluster may take")
	c.Flags().BoolVar(&print, "print", false, "print the cluster file")
	return c
}
