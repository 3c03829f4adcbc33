package main

import (
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

func renderCommand(streams genericiooptions.IOStreams) *cobra.Command {
	in := &input{in: streams.In}
	var output string
	var validate bool
	c := &cobra.Command{
		Use:   "render",
		Short: "Print every object that a cluster gets, without a cluster",
		Long: `Render prints the objects in the order of the waves that apply them. It needs no cluster and no network; the same
input gives the same bytes. Every object is validated against the API of the Kubernetes version, offline. The digest goes to
standard error.`,
		Example: `  fitout render --kubernetes 1.18 --cni cilium --ingress nginx
  fitout render -f cluster.yaml > cluster.golden.yaml`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			print, ok := manifestPrinters[output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use yaml, json or name", output)}
			}
			plan, err := in.offline(c.Flags())
			if err != nil && (validate || plan == nil) {
				return err
			}
			announce(streams.ErrOut, plan)
			return print(streams.Out, inOrder(plan))
		},
	}
	in.register(c)
	c.Flags().StringVarP(&output, "output", "o", "yaml", "format: yaml, json or name")
	c.Flags().BoolVar(&validate, "validate", true, "check every object against the API of the Kubernetes version")
	return c
}

// announce says what was prepared, and what should not have been chosen.
func announce(w io.Writer, p *fitout.Plan) {
	for _, f := range p.Findings {
		if f.Field == fitout.CatalogueField {
			printable.Fprintf(w, "catalogue %s: %s\n", f.Source, f.Value)
		}
	}
	warn(w, p.Warnings)
	identify(w, p)
}

func identify(w io.Writer, p *fitout.Plan) {
	printable.Fprintf(w, "bundle %s for %s, %s\n", p.Rendering.Bundle, p.Cluster.KubernetesVersion, p.Rendering.Digest)
}

func warn(w io.Writer, warnings []string) {
	for _, warning := range warnings {
		printable.Fprintln(w, "warning:", warning)
	}
}

// inOrder returns the rendered objects in the order of the waves.
func inOrder(p *fitout.Plan) []*manifest.Object {
	var all []*manifest.Object
	for _, w := range p.Waves {
		all = append(all, w.Objects...)
	}
	return all
}

var manifestPrinters = map[string]func(io.Writer, []*manifest.Object) error{
	"yaml": manifest.Write,
	"json": func(w io.Writer, objects []*manifest.Object) error {
		return printable.JSON(w, map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}, "  ")
	},
	"name": func(w io.Writer, objects []*manifest.Object) error {
		for _, o := range objects {
			if _, err := printable.Fprintln(w, manifest.IDOf(o)); err != nil {
				return err
			}
		}
		return nil
	},
}
