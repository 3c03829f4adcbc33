package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bump"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// bumpOptions are the flags of bump.
type bumpOptions struct {
	streams   genericiooptions.IOStreams
	dir       string
	minors    []string
	check     bool
	offline   bool
	plainHTTP []string
}

func bumpCommand(streams genericiooptions.IOStreams) *cobra.Command {
	o := &bumpOptions{streams: streams}
	c := &cobra.Command{
		Use:   "bump [ADDON VERSION]",
		Short: "Give the bundles of a catalogue another version of an addon",
		Long: `Bump edits the bundles of a catalogue, a folder with bundles/ and addons/: the version of an addon, the tags of its images that
have it, and their digests, which it asks the registries for. It edits every bundle that has an older version of the same release line
(1.14 of 1.14.7), or those that --bundle names, and nothing else of their text. Then it prints the body of a pull request: what changes
in each bundle, what that does to a cluster, and how upstream supports the minor. Run fitout golden update afterwards.
With --check it edits nothing, and lists which images have newer tags.`,
		Example: "  fitout bump coredns 1.14.7 --in own\n  fitout bump --check --in own",
		Args: func(_ *cobra.Command, args []string) error {
			if want := map[bool]int{true: 0, false: 2}[o.check]; len(args) != want {
				return usageError{errors.New("bump takes an addon and a version, such as fitout bump ADDON 1.14.7, or --check")}
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			if o.check {
				return o.newer(c.Context())
			}
			return o.bump(c.Context(), args[0], args[1])
		},
	}
	c.Flags().StringVar(&o.dir, "in", ".", "folder of the catalogue")
	c.Flags().StringArrayVar(&o.minors, "bundle", nil, "minor of a bundle to edit, whichever older version it has; may be repeated")
	c.Flags().BoolVar(&o.check, "check", false, "edit nothing, and list what is newer")
	c.Flags().BoolVar(&o.offline, "offline", false, "ask no registry: the images get no digest")
	c.Flags().StringArrayVar(&o.plainHTTP, "plain-http", nil, "host, with its port, of a registry without TLS; may be repeated. Those of this machine are known")
	return c
}

func (o *bumpOptions) client(ctx context.Context) *registry.Client {
	return registry.New(ctx, registry.Options{UserAgent: "fitout/" + version(), PlainHTTP: o.plainHTTP})
}

// catalogue reads the catalogue of the folder: over the embedded one, unless it is Fitout's own source.
func (o *bumpOptions) catalogue() (*bundle.Catalogue, error) {
	root, err := os.OpenRoot(o.dir)
	if err != nil {
		return nil, usageError{fmt.Errorf("--in: %w", err)}
	}
	if _, err := root.Stat("bundles/bundles.go"); err == nil {
		inAddons, _ := fs.Sub(root.FS(), "addons") // the names are valid
		inBundles, _ := fs.Sub(root.FS(), "bundles")
		return bundle.Load(inAddons, inBundles)
	}
	own, err := bundle.Folder(o.dir, root.FS())
	if err != nil {
		return nil, usageError{err}
	}
	all, err := bundle.LoadLayers(bundle.Source{Addons: addons.FS, Bundles: bundles.FS}, own)
	if err != nil {
		err = usageError{err}
	}
	return all, err
}

// files are the bundles of the folder, those that --bundle names, oldest first.
func (o *bumpOptions) files() ([]string, error) {
	files, err := filepath.Glob(filepath.Join(o.dir, "bundles", "*.yaml"))
	if err != nil || len(files) == 0 {
		return nil, usageError{errors.Join(err, fmt.Errorf("%s has no bundles/*.yaml; name the folder of a catalogue with --in", o.dir))}
	}
	for _, minor := range o.minors {
		if !slices.Contains(files, filepath.Join(o.dir, "bundles", minor+".yaml")) {
			return nil, usageError{fmt.Errorf("--bundle: %s has no bundles/%s.yaml", o.dir, minor)}
		}
	}
	slices.SortFunc(files, func(a, b string) int { return clusterfile.CompareMinors(minorOf(a), minorOf(b)) })
	return slices.DeleteFunc(files, func(f string) bool { return len(o.minors) > 0 && !slices.Contains(o.minors, minorOf(f)) }), nil
}

func minorOf(file string) string { return strings.TrimSuffix(filepath.Base(file), ".yaml") }

// bump edits the bundles, and prints what that does.
func (o *bumpOptions) bump(ctx context.Context, addon, to string) error {
	if err := bump.Verify(to); err != nil {
		return usageError{err}
	}
	before, err := o.catalogue()
	if err != nil {
		return err
	}
	files, err := o.files()
	if err != nil {
		return err
	}
	texts := map[string][]byte{}
	var edits []*bump.Edit
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		edited, edit, err := bump.Bundle(file, text, addon, to, len(o.minors) > 0, o.digests(ctx))
		if err != nil {
			return err
		}
		if edit != nil {
			texts[file], edits = edited, append(edits, edit)
		}
	}
	if len(edits) == 0 {
		return usageError{fmt.Errorf("no bundle of %s has an older version of %s in the release line of %s; name bundles with --bundle", o.dir, addon, to)}
	}
	for file, text := range texts {
		if err := os.WriteFile(file, text, 0o644); err != nil {
			return err
		}
	}
	after, err := o.catalogue()
	if err != nil {
		return err
	}
	return o.body(addon, edits, before, after)
}

// digests asks for the digests of images, each once.
func (o *bumpOptions) digests(ctx context.Context) func(image.Reference) (string, error) {
	known := map[image.Reference]string{}
	return func(r image.Reference) (string, error) {
		if o.offline {
			return "", nil
		}
		if digest, ok := known[r]; ok {
			return digest, nil
		}
		resolved, err := o.client(ctx).Resolve(r)
		known[r] = resolved.Digest
		return resolved.Digest, err
	}
}

// body prints the body of a pull request.
func (o *bumpOptions) body(addon string, edits []*bump.Edit, before, after *bundle.Catalogue) error {
	a, _ := after.Addon(addon)
	printable.Fprintf(o.streams.Out, "## %s %s\n", addon, edits[0].To)
	for _, e := range edits {
		printable.Fprintf(o.streams.Out, "\n### Kubernetes %s: %s to %s\n\n", e.Minor, e.From, e.To)
		for _, i := range e.Images {
			printable.Fprintf(o.streams.Out, "* image %s: `%s`\n", i.Name, i.To)
			if !strings.Contains(i.To, "@") {
				printable.Fprintf(o.streams.Out, "  * without a digest: no registry was asked\n")
			}
		}
		printable.Fprintf(o.streams.Out, "* support by upstream: %s\n", a.Lifecycle.Level(e.Minor))
		printable.Fprintf(o.streams.Out, "* a cluster that has it: %s\n", effectOf(addon, e.Minor, before, after))
		for _, stale := range after.Stale(e.Minor, addon) {
			printable.Fprintf(o.streams.Out, "* %s\n", stale)
		}
	}
	printable.Fprintf(o.streams.Out, "\nNot looked at: whether the chart of the line fits the version (make parity compares it with upstream's manifests). Golden files: fitout golden update.\n")
	return nil
}

// effectOf says what the other version does to a cluster that has the addon.
func effectOf(addon, minor string, before, after *bundle.Catalogue) string {
	file := clusterfile.File{Cluster: choosing(addon, minor, after)}
	was, err := fitout.Prepare(before, file, nil, nil)
	if err != nil {
		return "cannot be told: " + err.Error()
	}
	is, err := fitout.Prepare(after, file, nil, nil)
	if err != nil {
		return "**cannot be rendered**: " + err.Error()
	}
	plan, err := fitout.PlanUpgrade(was, is, fitout.UpgradeOptions{}, 0)
	if err != nil {
		return "cannot be told: " + err.Error()
	}
	return plan.Summary
}

// choosing is a cluster of a minor that has an addon.
func choosing(addon, minor string, from *bundle.Catalogue) clusterfile.Cluster {
	c := clusterfile.Cluster{KubernetesVersion: minor}
	a, _ := from.Addon(addon)
	switch field, _ := a.Field(); field {
	case "cni":
		c.CNI = a.Called()
	case "ingress":
		c.Ingress = a.Called()
	case "csi":
		c.CSI = a.Called()
	}
	return c
}
