package main

import (
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func explainCommand(streams genericiooptions.IOStreams) *cobra.Command {
	var schema bool
	var over catalogueFlag
	c := &cobra.Command{
		Use:   "explain [FIELD]",
		Short: "Document the cluster file, or one of its fields",
		Example: `  fitout explain
  fitout explain network.podCIDR
  fitout explain --schema > cluster.schema.json`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			catalogue, err := over.load()
			if err != nil {
				return err
			}
			if schema {
				_, err := streams.Out.Write(clusterfile.Schema(catalogue.Offers()))
				return err
			}
			path := ""
			if len(args) == 1 {
				path = args[0]
			}
			if err := clusterfile.Explain(streams.Out, path, catalogue.Offers()); err != nil {
				return usageError{err}
			}
			return nil
		},
	}
	over.register(c)
	c.Flags().BoolVar(&schema, "schema", false, "print the JSON schema of the cluster file, for editors")
	return c
}
