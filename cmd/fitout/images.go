package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/internal/combination"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// imageFlags are what all verbs of images take: whose images, and how registries are asked.
type imageFlags struct {
	input
	minor      string
	all        bool
	probeImage string
	plainHTTP  []string
}

func (f *imageFlags) register(c *cobra.Command) {
	f.input.register(c)
	c.Flags().StringVar(&f.minor, "minor", "", "images of every cluster that the bundle of a Kubernetes minor can make, such as 1.36")
	c.Flags().BoolVar(&f.all, "all", false, "images of every cluster that any bundle can make")
	c.Flags().StringVar(&f.probeImage, "probe-image", releasedImage(), "image of Fitout's probe pods; empty for none")
}

func (f *imageFlags) registerRegistries(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.plainHTTP, "plain-http", nil, "host, with its port, of a registry without TLS; may be repeated. Those of this machine are known")
}

func (f *imageFlags) client(ctx context.Context) *registry.Client {
	return registry.New(ctx, registry.Options{UserAgent: "fitout/" + version(), PlainHTTP: f.plainHTTP})
}

// list collects the images that the flags ask for, and returns the mirrors of the cluster file with them.
func (f *imageFlags) list(flags *pflag.FlagSet) (*imagelist.List, mirrors, error) {
	catalogue, err := f.load()
	if err != nil {
		return nil, mirrors{}, err
	}
	if f.minor == "" && !f.all {
		return f.ofCluster(catalogue, flags)
	}
	if f.minor != "" && f.all {
		return nil, mirrors{}, usageError{errors.New("--minor and --all exclude each other; --all has every bundle")}
	}
	for _, o := range append(overriding(), "file") {
		if flags.Changed(o) {
			return nil, mirrors{}, usageError{fmt.Errorf("--%s describes one cluster; leave it out, or leave out --minor and --all", o)}
		}
	}
	minors := catalogue.Minors()
	if f.minor != "" {
		if !slices.Contains(minors, f.minor) {
			return nil, mirrors{}, usageError{fmt.Errorf("there is no bundle %q; there are %s", f.minor, strings.Join(minors, ", "))}
		}
		minors = []string{f.minor}
	}
	return f.ofBundles(catalogue, minors)
}

func overriding() []string {
	var names []string
	for _, o := range overrides {
		names = append(names, o.flag)
	}
	return names
}

// mirrors are those of a cluster file.
type mirrors struct{ objects, nodes image.Mirrors }

func (m mirrors) all() image.Mirrors { return slices.Concat(m.objects, m.nodes) }

func (f *imageFlags) ofCluster(catalogue *bundle.Catalogue, flags *pflag.FlagSet) (*imagelist.List, mirrors, error) {
	plan, err := f.prepare(catalogue, flags)
	if err != nil {
		return nil, mirrors{}, err
	}
	builder, err := imageBuilder(catalogue, plan)
	if err != nil {
		return nil, mirrors{}, err
	}
	found := mirrors{plan.Rendering.Mirrors, plan.Rendering.NodeMirrors}
	list, err := f.withProbe(builder, found)
	return list, found, err
}

// imageBuilder begins the list of what a plan's objects name and its nodes pull.
func imageBuilder(catalogue *bundle.Catalogue, plan *fitout.Plan) (*imagelist.Builder, error) {
	builder := imagelist.NewBuilder()
	b, _ := catalogue.Bundle(plan.Rendering.Bundle) // there is one: the plan was made of it
	return builder, builder.Add(plan.Rendering, b.NodeImages)
}

// ofBundles renders every combination of the minors: what no combination names, no cluster pulls.
func (f *imageFlags) ofBundles(catalogue *bundle.Catalogue, minors []string) (*imagelist.List, mirrors, error) {
	builder := imagelist.NewBuilder()
	batch := fitout.NewBatch(catalogue)
	for _, minor := range minors {
		b, _ := catalogue.Bundle(minor)
		for _, c := range combination.Of(catalogue, minor) {
			plan, err := batch.Prepare(c.File, nil, nil)
			if err == nil {
				err = builder.Add(plan.Rendering, b.NodeImages)
			}
			if err != nil {
				return nil, mirrors{}, fmt.Errorf("bundle %s, %s: %w", minor, c.Name(), err)
			}
		}
	}
	list, err := f.withProbe(builder, mirrors{})
	return list, mirrors{}, err
}

// withProbe returns the list with the image of probe pods, where there is one.
func (f *imageFlags) withProbe(builder *imagelist.Builder, m mirrors) (*imagelist.List, error) {
	if f.probeImage != "" {
		ref, err := image.Parse(f.probeImage)
		if err != nil {
			return nil, usageError{fmt.Errorf("--probe-image: %w", err)}
		}
		at, _ := m.all().For(ref)
		builder.AddProbe(ref, at)
	}
	return builder.List(), nil
}

func imagesCommand(streams genericiooptions.IOStreams) *cobra.Command {
	f := &imageFlags{input: input{in: streams.In}}
	var output string
	var resolve bool
	c := &cobra.Command{
		Use:   "images",
		Short: "List the images that a cluster pulls; copy them to a mirror, or carry them where no network is",
		Long: `Images lists every image of what a cluster gets, of a bundle (--minor) or of all bundles (--all): those of containers and volumes,
those that arguments, variables and configurations name, that of Fitout's probe pods, and those that a node pulls without any addon.
It needs no network but with --resolve.

Text is for crane, skopeo, hauler and docker: a reference per line, by digest where it is known. lock is an ImagesLock of Carvel.`,
		Example: `  fitout images -f cluster.yaml
  fitout images --minor 1.36 -o table
  fitout images -f cluster.yaml --resolve -o lock > images.lock`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			print, ok := imagePrinters[output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use text, tags, table, json or lock", output)}
			}
			list, _, err := f.list(c.Flags())
			if err != nil {
				return err
			}
			if resolve {
				if err := resolveAll(f.client(c.Context()), list); err != nil {
					return err
				}
			}
			return print(streams.Out, list)
		},
	}
	f.register(c)
	f.registerRegistries(c)
	c.Flags().StringVarP(&output, "output", "o", "text", "format: text, tags (text by tag), table, json or lock")
	c.Flags().BoolVar(&resolve, "resolve", false, "ask the registries for digests and platforms")
	c.AddCommand(imagesMirror(streams), imagesSave(streams), imagesLoad(streams), imagesHosts(streams))
	return c
}

var imagePrinters = map[string]func(io.Writer, *imagelist.List) error{
	"text":  func(w io.Writer, l *imagelist.List) error { return imagelist.Text(w, l, false) },
	"tags":  func(w io.Writer, l *imagelist.List) error { return imagelist.Text(w, l, true) },
	"table": imagelist.Table,
	"json":  imagelist.JSON,
	"lock":  imagelist.Lock,
}

// askedAtOnce bounds how many images registries are asked for at the same time.
const askedAtOnce = 4

// resolveAll asks the registries for what the bundles do not say. The error has every image that they do not have.
func resolveAll(client *registry.Client, list *imagelist.List) error {
	return errors.Join(concurrent.Map(askedAtOnce, list.Images, func(i imagelist.Image) error {
		got, err := client.Resolve(i.Reference)
		if err != nil {
			return err
		}
		at := slices.IndexFunc(list.Images, func(other imagelist.Image) bool { return other.Image == i.Image })
		list.Images[at].Digest, list.Images[at].Platforms = got.Digest, got.Platforms
		return nil
	})...)
}
