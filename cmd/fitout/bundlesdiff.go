package main

import (
	"bytes"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/rogpeppe/go-internal/diff"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func bundlesDiff(streams genericiooptions.IOStreams, over *input) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "diff [MINOR]",
		Short: "Show what catalogues of your own have otherwise than the embedded one",
		Long: `Diff compares the catalogues that --catalogue and the cluster file name with the embedded one: entries of bundles, addon.yaml and
the files of charts, as unified diffs; of what is new, the name. On standard error it says which overrides were made for another
version than the embedded one has now. Exit codes: 0, with --check 1 if there is such an override.`,
		Example: `  fitout bundles diff --catalogue own
  fitout bundles diff 1.36 -f cluster.yaml --check`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			minor := ""
			if len(args) == 1 {
				minor = args[0]
			}
			return diffBundles(streams, over, minor, check)
		},
	}
	c.Flags().BoolVar(&check, "check", false, "end with 1 if an override was made for another version than the embedded one has")
	return c
}

func diffBundles(streams genericiooptions.IOStreams, over *input, minor string, check bool) error {
	catalogue, err := over.load()
	if err != nil {
		return err
	}
	if _, ok := catalogue.Bundle(minor); !ok && minor != "" {
		return noBundle(catalogue, minor)
	}
	embedded, err := readLayers(nil)
	if err != nil {
		return err
	}
	for _, d := range catalogue.Differences(embedded, minor) {
		if err := printAll(streams.Out, differenceText(d)); err != nil {
			return err
		}
	}
	stale := catalogue.Stale(minor, "")
	warn(streams.ErrOut, stale)
	if check && len(stale) > 0 {
		return resultError{report.ExitFailed}
	}
	return nil
}

// differenceText is a unified diff, or the name of what is new.
func differenceText(d bundle.Difference) string {
	if d.Before == "" {
		return printable.Line("new in "+d.From+": "+d.What) + "\n"
	}
	after := d.From + " " + d.What
	if d.After == "" {
		after = "none"
	}
	text := diff.Diff(printable.Line("embedded "+d.What), []byte(d.Before), printable.Line(after), []byte(d.After))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line that names the command
	return printable.Text(string(text))
}
