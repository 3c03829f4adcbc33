package main

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var planPrinters = map[string]func(io.Writer, []wave.Wave) error{"tree": wave.Tree, "json": wave.JSON}

// planOptions is what fitout plan takes.
type planOptions struct {
	*runOptions
	live   bool
	output string
	ofLive []string // flags that need --live
}

func planCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &planOptions{runOptions: newRunOptions(streams)}
	c := &cobra.Command{
		Use:   "plan",
		Short: "Print the order in which a cluster gets its objects, or what up would do to a cluster",
		Long: `Plan prints the waves in which the objects are applied, the addon of each, and what must be true before the next wave
begins. It needs no cluster and no network. The digest goes to standard error.

With --live it reads a cluster and prints what up would do to it, and changes nothing: a line that sums it up, then by waves
each object with what is done to it, why, which fields differ and who has set them, which pods restart or reload it, and why
the previous bundle would not undo it. The exit code is 5 if up would be refused.`,
		Example: `  fitout plan --kubernetes 1.36 --cni calico
  fitout plan -f cluster.yaml -o json
  fitout plan --live -f cluster.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.live {
				return o.decide(c)
			}
			return o.print(c)
		},
	}
	o.register(c)
	offline := map[string]bool{}
	c.Flags().VisitAll(func(f *pflag.Flag) { offline[f.Name] = true })
	registerKube(o.kube, c.Flags())
	o.registerPolicies(c)
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long reading the cluster may take")
	c.Flags().VisitAll(func(f *pflag.Flag) {
		if !offline[f.Name] {
			f.Usage += " (with --live)"
			o.ofLive = append(o.ofLive, f.Name)
		}
	})
	c.Flags().BoolVar(&o.live, "live", false, "read the cluster of the kubeconfig, and print what up would do to it")
	c.Flags().StringVarP(&o.output, "output", "o", "", "format: tree or json; with --live text or json (default tree, or text)")
	return c
}

// print prints the waves.
func (o *planOptions) print(c *cobra.Command) error {
	var wrong error
	c.Flags().Visit(func(f *pflag.Flag) {
		if slices.Contains(o.ofLive, f.Name) {
			wrong = usageError{fmt.Errorf("--%s is of a cluster; add --live", f.Name)}
		}
	})
	if wrong != nil {
		return wrong
	}
	if o.output == "" {
		o.output = "tree"
	}
	print, ok := planPrinters[o.output]
	if !ok {
		return usageError{fmt.Errorf("--output is %q; use tree or json", o.output)}
	}
	plan, err := o.offline(c.Flags())
	if err != nil {
		return err
	}
	announce(o.streams.ErrOut, plan)
	return print(o.streams.Out, plan.Waves)
}

// decide prints what up would do to a cluster.
func (o *planOptions) decide(c *cobra.Command) error {
	if !slices.Contains([]string{"", "text", "json"}, o.output) {
		return usageError{fmt.Errorf("--output is %q; use text or json with --live", o.output)}
	}
	if err := o.settle(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), o.fitout.Timeout)
	defer cancel()
	client, plan, err := o.connect(ctx, c.Flags())
	if err != nil {
		return err
	}
	identify(o.streams.ErrOut, plan)
	set, err := fitout.Decide(ctx, client, plan, o.fitout, &quiet{w: o.streams.ErrOut})
	if err != nil {
		return err
	}
	if o.output == "json" {
		err = report.ChangeSetJSON(o.streams.Out, &report.ChangeSet{
			APIVersion: report.Version, Kind: report.ChangeSetKind, Cluster: plan.Cluster.Name, Kubernetes: plan.Cluster.KubernetesVersion,
			Bundle: plan.Rendering.Bundle, Digest: plan.Rendering.Digest, Document: *set.Document(),
		})
	} else {
		_, err = io.WriteString(o.streams.Out, set.Text())
	}
	if err != nil {
		return err
	}
	return fitout.Refused(set)
}
