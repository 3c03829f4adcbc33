package main

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/docpages"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var update = flag.Bool("update", false, "rewrite the reference pages of the commands and of the cluster file")

// TestDocs keeps docs/commands.md and docs/cluster-file.md what the program says of itself.
func TestDocs(t *testing.T) {
	var fields bytes.Buffer
	var embedded catalogueFlag
	catalogue, err := embedded.load()
	if err != nil {
		t.Fatal(err)
	}
	if err := clusterfile.Explain(&fields, "", catalogue.Offers()); err != nil {
		t.Fatal(err)
	}
	const generated = "Generated from the program by `make update`."
	pages := map[string]string{
		"cluster-file.md": "# The cluster file\n\n" + generated + " `fitout explain FIELD` prints one field, `fitout explain --schema` the JSON schema for editors.\n\n" +
			"```\n" + strings.TrimSpace(fields.String()) + "\n```\n",
		"commands.md": "# Commands\n\n" + generated + "\n" + commandsPage(rootCommand(genericiooptions.IOStreams{In: os.Stdin, Out: io.Discard, ErrOut: io.Discard})),
	}
	docpages.Hold(t, "../../docs", pages, *update)
}

// commandsPage has a section for each command: its help, with the flags of the kubeconfig told once.
func commandsPage(root *cobra.Command) string {
	connection := pflag.NewFlagSet("connection", pflag.ContinueOnError)
	registerKube(genericclioptions.NewConfigFlags(true), connection)
	var out strings.Builder
	for _, c := range commandsOf(root) {
		fmt.Fprintf(&out, "\n## %s\n\n%s\n\n```\n%s\n```\n", c.CommandPath(), strings.TrimSpace(longOrShort(c)), c.UseLine())
		own, connects := pflag.NewFlagSet(c.Name(), pflag.ContinueOnError), false
		c.NonInheritedFlags().VisitAll(func(f *pflag.Flag) {
			switch {
			case connection.Lookup(f.Name) != nil:
				connects = true
			case f.Name != "help":
				own.AddFlag(f)
			}
		})
		if c.Example != "" {
			fmt.Fprintf(&out, "\nExamples:\n\n```\n%s\n```\n", strings.Trim(c.Example, "\n"))
		}
		if own.HasFlags() {
			fmt.Fprintf(&out, "\n```\n%s```\n", own.FlagUsages())
		}
		if connects {
			out.WriteString("\nIt also takes the [flags of the connection](#flags-of-the-connection).\n")
		}
	}
	fmt.Fprintf(&out, "\n## Flags of the connection\n\nThose of kubectl, with the same meaning.\n\n```\n%s```\n", connection.FlagUsages())
	return out.String()
}

// commandsOf returns the commands that a user calls, each before its subcommands.
func commandsOf(parent *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() && c.Name() != "completion" {
			all = append(append(all, c), commandsOf(c)...)
		}
	}
	return all
}

func longOrShort(c *cobra.Command) string {
	if c.Long != "" {
		return c.Long
	}
	return c.Short + "."
}
