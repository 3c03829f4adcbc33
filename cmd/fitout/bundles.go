package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	"k8s.io/cli-runtime/pkg/printers"
)

func bundlesCommand(streams genericiooptions.IOStreams) *cobra.Command {
	over := &input{in: streams.In}
	c := &cobra.Command{
		Use: "bundles", Short: "List the bundles, or show one", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return listBundles(streams, over) },
	}
	over.registerFile(c)
	list := &cobra.Command{
		Use: "list", Short: "List the Kubernetes versions that have a bundle, with the versions of its addons", Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error { return listBundles(streams, over) },
	}
	show := &cobra.Command{
		Use:   "show MINOR [ADDON]",
		Short: "Show a bundle's addons, versions, images and support; with ADDON, the values of its chart: type, range, default, meaning",
		Args:  cobra.RangeArgs(1, 2),
		RunE: func(_ *cobra.Command, args []string) error {
			return showBundle(streams, over, args)
		},
	}
	diff := bundlesDiff(streams, over)
	for _, sub := range []*cobra.Command{list, show, diff} {
		over.registerFile(sub)
	}
	c.AddCommand(list, show, diff)
	return c
}

func listBundles(streams genericiooptions.IOStreams, over *input) error {
	catalogue, err := over.load()
	if err != nil {
		return err
	}
	for _, o := range catalogue.Origins("") {
		printable.Fprintf(streams.ErrOut, "catalogue %s: %s\n", o.Source, o)
	}
	warn(streams.ErrOut, catalogue.Stale("", ""))
	w := printers.GetNewTabWriter(streams.Out)
	minors := catalogue.Minors()
	columns(w, append([]string{"ADDON"}, minors...))
	for _, name := range catalogue.Names() {
		row := []string{name}
		for _, minor := range minors {
			row = append(row, versionIn(catalogue, minor, name))
		}
		columns(w, row)
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for i, source := range catalogue.Sources() {
		printable.Fprintf(streams.Out, "[%d] %s\n", i+1, source)
	}
	return nil
}

// columns writes a row of a table.
func columns(w io.Writer, row []string) {
	for i, text := range row {
		if i > 0 {
			fmt.Fprint(w, "\t")
		}
		printable.Fprintf(w, "%s", text)
	}
	fmt.Fprintln(w)
}

// versionIn is an addon's version in a bundle, with its support where that is not plain.
func versionIn(c *bundle.Catalogue, minor, name string) string {
	b, _ := c.Bundle(minor)
	entry, ok := b.Addons[name]
	addon, _ := c.Addon(name)
	level := addon.Lifecycle.Level(minor)
	text := versionText(entry)
	switch {
	case !ok && level == bundle.Refused:
		return level
	case !ok:
		return "-"
	case level != bundle.Tested:
		text += " (" + level + ")"
	}
	if i := slices.Index(c.Sources(), c.Holder(minor, name).Entry); i >= 0 {
		text += fmt.Sprintf(" [%d]", i+1)
	}
	return text
}

// versionText is a version for people: the template of an addon that follows the cluster is said in words.
func versionText(e bundle.Entry) string {
	if strings.Contains(e.Version, "{{") {
		return "the cluster's"
	}
	return e.Version
}

func showBundle(streams genericiooptions.IOStreams, over *input, args []string) error {
	out := streams.Out
	catalogue, err := over.load()
	if err != nil {
		return err
	}
	b, ok := catalogue.Bundle(args[0])
	if !ok {
		return noBundle(catalogue, args[0])
	}
	if len(args) == 2 {
		entry, ok := b.Addons[args[1]]
		if !ok {
			return usageError{fmt.Errorf("bundle %s has no addon %q; it has %s", args[0], args[1], strings.Join(slices.Sorted(maps.Keys(b.Addons)), ", "))}
		}
		if form, part := entry.Form(); form != bundle.FitoutChart {
			_, err := printable.Fprintf(out, "%s %s is somebody else's, and documents its values itself\n", form, part)
			return err
		}
		return showValues(out, catalogue, args[1], entry.Chart)
	}
	printable.Fprintf(out, "Kubernetes %s, tested with %s\n\n", b.Kubernetes, b.TestedVersion)
	w := printers.GetNewTabWriter(out)
	layered := len(catalogue.Sources()) > 0
	header := []string{"ADDON", "VERSION", "SUPPORT", "IMAGES"}
	if layered {
		header = []string{"ADDON", "VERSION", "SUPPORT", "FROM", "IMAGES"}
	}
	columns(w, header)
	for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
		entry := b.Addons[name]
		addon, _ := catalogue.Addon(name)
		row := []string{name, versionText(entry), addon.Lifecycle.Level(b.Kubernetes)}
		if layered {
			row = append(row, catalogue.Holder(b.Kubernetes, name).String())
		}
		images := slices.Sorted(maps.Keys(entry.Images))
		if len(images) == 0 {
			columns(w, row)
		}
		for _, key := range images {
			columns(w, append(row, entry.Images[key]))
			row = make([]string, len(row))
		}
	}
	return w.Flush()
}

func noBundle(c *bundle.Catalogue, minor string) error {
	return usageError{fmt.Errorf("there is no bundle %q; there are %s", minor, strings.Join(c.Minors(), ", "))}
}

// showValues prints every value of a chart: what it may be, its default, and what it is for.
func showValues(out io.Writer, catalogue *bundle.Catalogue, addon, line string) error {
	about, values, err := catalogue.ChartValues(addon, line)
	if err != nil {
		return err
	}
	if about != "" {
		printable.Fprintf(out, "%s\n\n", about)
	}
	for _, v := range values {
		if _, err := printable.Fprintf(out, "%s (%s)\n    %s\n", v.Path, v.About(), v.Doc); err != nil {
			return err
		}
	}
	return nil
}
