package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/apimachinery/pkg/util/rand"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// imageRepository is where releases of the probe's image are.
const imageRepository = "docker.io/fitout/fitout"

func checkCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	o.fitout.Settle = 0
	o.probe = &probeOptions{}
	c := o.command("check", "Judge whether a cluster is fitted out and works", fitout.Check)
	c.Long = `Check compares a cluster with its bundle, and tries whether it does its job: whether names are found, packets
arrive and requests are answered. For this it starts small pods on every node, in a namespace of their own that it removes
again, also when it is killed. What it judges it does not change. docs/probes.md says what each probe proves.`
	c.Example = `  fitout check
  fitout check --probe=always --probe-image registry.example.org/fitout:v1.0.0
  fitout check --probe=never -o junit`
	c.Flags().DurationVar(&o.fitout.Settle, "wait", o.fitout.Settle, "how long to wait for what is not good yet")
	o.probe.register(c.Flags())
	return c
}

// probeOptions are the flags of probes.
type probeOptions struct {
	mode, image, outside string
}

func (o *probeOptions) register(flags *pflag.FlagSet) {
	image := ""
	if release != "" {
		image = imageRepository + ":" + release
	}
	flags.StringVar(&o.mode, "probe", "auto", "whether to start pods on the nodes: auto (what cannot be tried is not judged), always (it has failed) or never")
	flags.Lookup("probe").NoOptDefVal = "always"
	flags.StringVar(&o.image, "probe-image", image, "image of those pods, which make image builds")
	flags.StringVar(&o.outside, "probe-outside", "", "a name outside the cluster that the cluster DNS is to find, such as example.org")
}

// validate refuses what cannot be done, before anything is.
func (o *probeOptions) validate() error {
	if !slices.Contains([]string{"auto", "always", "never"}, o.mode) {
		return usageError{fmt.Errorf("--probe is %q; use auto, always or never", o.mode)}
	}
	return nil
}

// absent says why no pods are to be started; it is empty where they are.
func (o *probeOptions) absent() string {
	switch {
	case o.mode == "never":
		return "no pod is started with --probe=never"
	case o.image == "":
		return "no image for probe pods: this is no release; make image builds one, --probe-image names it"
	}
	return ""
}

// run probes a cluster and adds what it finds to a report. Should this process be killed meanwhile, another one cleans up.
func (o *probeOptions) run(ctx context.Context, run *runOptions, flags *pflag.FlagSet, client *cluster.Client, plan *fitout.Plan, r *report.Report) error {
	options := fitout.ProbeOptions{
		Run: rand.String(5), Image: o.image, Absent: o.absent(), Required: o.mode == "always", Outside: o.outside, Start: time.Minute,
	}
	if options.Absent == "" {
		namespace := probe.Options{Run: options.Run}.Namespace()
		dismiss, err := hireJanitor(run.kube, flags, namespace)
		if err != nil {
			return err
		}
		defer dismiss()
		fmt.Fprintf(run.streams.ErrOut, "probing from pods of %s in the namespace %s\n", o.image, namespace)
	}
	return fitout.Probe(ctx, client, plan, options, r)
}
