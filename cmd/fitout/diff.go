package main

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/diff"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// Exit codes of diff, as diff(1) has them.
const (
	exitDiffers = 1
	exitTrouble = 2
)

func diffCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := newRunOptions(streams)
	c := &cobra.Command{
		Use:   "diff",
		Short: "Show what up would change in a cluster, object by object; changes nothing",
		Long: `Diff asks the API server, by a dry run, what applying would make of each object, and prints the difference to what is
there, under a line that says what was decided and what it disturbs. What is no longer wanted is shown as removed. Hidden are
the values of Secrets, and where the bundle does not set it itself, those of environment variables and what looks like a
credential in commands and arguments: patches may bring passwords there.

Exit codes: 0 nothing would change, 1 something would, 2 trouble.`,
		Example: "  fitout diff -f cluster.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := o.diff(c); err != nil {
				return troubleError{err}
			}
			return nil
		},
	}
	o.register(c)
	registerKube(o.kube, c.Flags())
	o.registerPolicies(c)
	c.Flags().DurationVar(&o.fitout.Timeout, "timeout", o.fitout.Timeout, "how long the whole run may take")
	return c
}

// troubleError is a diff that could not be made whole.
type troubleError struct{ error }

func (e troubleError) Unwrap() error { return e.error }

func (o *runOptions) diff(c *cobra.Command) error {
	o.fitout.DryRun = true
	if err := o.settle(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Context(), o.fitout.Timeout)
	defer cancel()
	client, plan, err := o.online(ctx, c.Flags(), o.kube, o.cluster)
	if err != nil {
		return err
	}
	bundled, err := withoutPatches(plan, &o.catalogueFlag)
	if err != nil {
		return err
	}
	r, err := fitout.Apply(ctx, client, plan, o.fitout, &quiet{w: o.streams.ErrOut})
	differs, printErr := o.printDiff(r, bundled)
	if printErr != nil {
		return printErr
	}
	if err == nil && differs {
		return resultError{exitDiffers}
	}
	return err
}

// printDiff prints the summary of what was decided, and of each object that changes what was decided of it and the difference.
func (o *runOptions) printDiff(r *report.Report, bundled map[manifest.ID]*manifest.Object) (differs bool, err error) {
	decided := map[manifest.ID]changeset.Change{}
	if r.Set != nil {
		printable.Fprintln(o.streams.ErrOut, r.Set.Summary())
		for _, c := range r.Set.All() {
			decided[c.ID] = c
		}
	}
	for _, w := range r.Waves {
		for _, change := range w.Changes {
			text := shown(change, bundled[change.ID])
			if text == "" {
				continue
			}
			differs = true
			if c, known := decided[change.ID]; known {
				var about string
				for _, line := range c.Lines() {
					about += "# " + printable.Line(line) + "\n"
				}
				text = about + text
			}
			if _, err := fmt.Fprint(o.streams.Out, text); err != nil {
				return differs, err
			}
		}
	}
	return differs, nil
}

// withoutPatches are the objects of a plan as the bundle has them, before the user's patches.
func withoutPatches(plan *fitout.Plan, from *catalogueFlag) (map[manifest.ID]*manifest.Object, error) {
	catalogue, err := from.load()
	if err != nil {
		return nil, err
	}
	cluster := plan.Cluster
	cluster.Patches = nil
	resolved, err := catalogue.Resolve(cluster)
	if err != nil {
		return nil, err
	}
	rendering, err := render.Bundle(resolved)
	if err != nil {
		return nil, err
	}
	objects := map[manifest.ID]*manifest.Object{}
	for _, o := range rendering.Objects() {
		objects[manifest.IDOf(o)] = o
	}
	return objects, nil
}

// shown is the difference that a change makes to an object, of which bundled is the bundle's own form; nil if it has none.
func shown(c report.Change, bundled *manifest.Object) string {
	switch c.Action {
	case report.Created, report.Configured:
		return diff.Object(c.After, c.Before, bundled)
	case report.Recreated:
		return diff.Object(nil, c.Before, bundled) + diff.Object(c.After, nil, bundled)
	case report.Pruned:
		if c.Before != nil {
			return diff.Object(nil, c.Before, bundled)
		}
	}
	return ""
}
