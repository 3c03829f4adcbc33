package main

import (
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/wave"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

var planPrinters = map[string]func(io.Writer, []wave.Wave) error{"tree": wave.Tree, "json": wave.JSON}

func planCommand(streams genericiooptions.IOStreams) *cobra.Command {
	in := &input{in: streams.In}
	var output string
	c := &cobra.Command{
		Use:   "plan",
		Short: "Print the order in which a cluster gets its objects, and what each wave waits for",
		Long: `Plan prints the waves in which the objects are applied, the addon of each, and what must be true before the next wave
begins. It needs no cluster and no network. The digest goes to standard error.`,
		Example: `  fitout plan --kubernetes 1.36 --cni calico
  fitout plan -f cluster.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			print, ok := planPrinters[output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use tree or json", output)}
			}
			plan, err := in.offline(c.Flags())
			if err != nil {
				return err
			}
			announce(streams.ErrOut, plan)
			return print(streams.Out, plan.Waves)
		},
	}
	in.register(c)
	c.Flags().StringVarP(&output, "output", "o", "tree", "format: tree or json")
	return c
}
