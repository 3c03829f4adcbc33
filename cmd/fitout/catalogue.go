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

// catalogueFlag is the flag that lays a folder over the embedded catalogue.
type catalogueFlag struct {
	dir    string
	loaded *bundle.Catalogue // once it was read
}

func (f *catalogueFlag) register(c *cobra.Command) {
	c.Flags().StringVar(&f.dir, "catalogue", "", "folder with addons and bundles of your own, which go before the embedded ones: DIR/addons/NAME/..., DIR/bundles/MINOR.yaml")
}

// load returns the catalogue: what is embedded, and the folder over it. It is read once.
func (f *catalogueFlag) load() (catalogue *bundle.Catalogue, err error) {
	if f.loaded == nil {
		if catalogue, err = f.read(); err != nil {
			return nil, err
		}
		f.loaded = catalogue
	}
	return f.loaded, nil
}

func (f *catalogueFlag) read() (*bundle.Catalogue, error) {
	embedded := bundle.Source{Addons: addons.FS, Bundles: bundles.FS}
	if f.dir == "" {
		return readLayers(embedded)
	}
	root, err := os.OpenRoot(f.dir) // links in it lead nowhere else; it stays open: charts are read when they are rendered
	if err != nil {
		return nil, usageError{fmt.Errorf("--catalogue: %w", err)}
	}
	own, err := bundle.Folder(f.dir, root.FS())
	if err != nil {
		return nil, usageError{err}
	}
	catalogue, err := readLayers(embedded, own)
	if err != nil {
		return nil, usageError{err}
	}
	return catalogue, nil
}

// readLayers reads a catalogue and holds its probes to those that there are; the error has the faults of both.
func readLayers(sources ...bundle.Source) (*bundle.Catalogue, error) {
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
