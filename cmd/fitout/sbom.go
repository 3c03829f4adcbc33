package main

import (
	"errors"
	"runtime/debug"

	"github.com/fitout-dev/fitout/pkg/sbom"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func sbomCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f := &imageFlags{input: input{in: streams.In}}
	program := false
	c := &cobra.Command{
		Use:   "sbom",
		Short: "Print a bill of materials of what a cluster gets, or of fitout itself",
		Long: `Sbom prints the addons of a cluster with their charts, versions and digests, and the images that they pull, as a bill of materials in CycloneDX 1.6 (JSON).
The same cluster file gives the same bytes. It needs no cluster and no network. What is inside an image, its publisher lists.`,
		Example: "  fitout sbom -f cluster.yaml > cluster.cdx.json\n  fitout sbom --program > fitout.cdx.json",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if program {
				info, ok := debug.ReadBuildInfo()
				if !ok {
					return errors.New("this program does not know what it was built from; take a release")
				}
				return sbom.Write(streams.Out, sbom.OfProgram(info, version()))
			}
			catalogue, err := f.load()
			if err != nil {
				return err
			}
			plan, err := f.prepare(catalogue, c.Flags())
			if err != nil {
				return err
			}
			announce(streams.ErrOut, plan)
			builder, err := imageBuilder(catalogue, plan)
			if err != nil {
				return err
			}
			return sbom.Write(streams.Out, sbom.OfCluster(plan.Cluster.Name, plan.Rendering, builder.List(), version()))
		},
	}
	f.input.register(c)
	c.Flags().BoolVar(&program, "program", false, "the modules that fitout itself was built from, in place of a cluster")
	return c
}
