package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/spf13/cobra"
)

// catalogueUsage documents the flag.
const catalogueUsage = "folder with addons and bundles of your own, which go before the embedded ones: DIR/addons/NAME/..., DIR/bundles/MINOR.yaml"

// catalogueFlag is the flag that lays a folder over the embedded catalogue.
type catalogueFlag struct{ dir string }

func (f *catalogueFlag) register(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "catalogue", "", catalogueUsage)
}

// load reads the catalogue: what is embedded, and the folder over it.
func (f *catalogueFlag) load() (*bundle.Catalogue, error) {
	embedded := bundle.Source{Addons: addons.FS, Bundles: bundles.FS}
	if f.dir == "" {
		return loaded(embedded)
	}
	root, err := os.OpenRoot(f.dir) // links in it lead nowhere else; it stays open: charts are read when they are rendered
	if err != nil {
		return nil, usageError{fmt.Errorf("--catalogue: %w", err)}
	}
	own, err := bundle.Folder(f.dir, root.FS())
	if err != nil {
		return nil, usageError{err}
	}
	catalogue, err := loaded(embedded, own)
	if err != nil {
		return nil, usageError{err}
	}
	return catalogue, nil
}

// loaded reads a catalogue and holds its probes to those that there are; the error has the faults of both.
func loaded(sources ...bundle.Source) (*bundle.Catalogue, error) {
	catalogue, err := bundle.LoadLayers(sources...)
	return catalogue, errors.Join(err, catalogue.VerifyProbes(probes.Rules()))
}

// complete offers the names of addons to the shell for the flags that take one: those of the version that --kubernetes names.
func (f *catalogueFlag) complete(c *cobra.Command) {
	for _, field := range []string{"cni", "ingress", "csi"} {
		err := c.RegisterFlagCompletionFunc(field, func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			catalogue, err := f.load()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			given, _ := c.Flags().GetString("kubernetes")
			minor := clusterfile.Cluster{KubernetesVersion: given}.Minor()
			for _, choice := range catalogue.Offers().For(minor) {
				if choice.Field == field {
					return choice.Names(), cobra.ShellCompDirectiveNoFileComp
				}
			}
			return nil, cobra.ShellCompDirectiveNoFileComp
		})
		if err != nil {
			panic("completion of --" + field + ": " + err.Error()) // the flag was registered just before
		}
	}
}
