package main

import (
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/imagelist"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/registry"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// mirrorFlags say where images go.
type mirrorFlags struct {
	layout string
	jobs   int
	dryRun bool
}

func (m *mirrorFlags) register(c *cobra.Command) {
	c.Flags().StringVar(&m.layout, "layout", image.Prefix, "path below REGISTRY: prefix (REGISTRY/registry.k8s.io/pause) or flattened (REGISTRY/pause)")
	c.Flags().IntVar(&m.jobs, "jobs", 4, "images that are copied at the same time, 1 to 16")
	c.Flags().BoolVar(&m.dryRun, "dry-run", false, "print what would be copied, and copy nothing")
}

// mirror is the place that the arguments name; none where they name none.
func (m *mirrorFlags) mirror(c *cobra.Command, args []string) (image.Mirrors, error) {
	switch {
	case m.jobs < 1 || m.jobs > 16:
		return nil, usageError{fmt.Errorf("--jobs is %d; give 1 to 16", m.jobs)}
	case m.layout != image.Prefix && m.layout != image.Flattened:
		return nil, usageError{fmt.Errorf("--layout is %q; use prefix or flattened", m.layout)}
	case len(args) == 0 && c.Flags().Changed("layout"):
		return nil, usageError{errors.New("--layout is for REGISTRY, which is not given; the cluster file says the layout of its mirrors itself")}
	case len(args) == 0:
		return nil, nil
	}
	if problem := clusterfile.RegistryProblem(args[0]); problem != "" {
		return nil, usageError{fmt.Errorf("REGISTRY %s; give a host, with a port and a path if any, such as registry.example.com:5000/mirror", problem)}
	}
	return image.Mirrors{{Target: args[0], Layout: m.layout}}, nil
}

// listed lists images with the mirror that the arguments name, or else those of the cluster file that own picks. missing is the error where
// there is neither.
func (m *mirrorFlags) listed(c *cobra.Command, f *imageFlags, args []string, own func(mirrors) image.Mirrors, missing string) (*imagelist.List, image.Mirrors, error) {
	target, err := m.mirror(c, args)
	if err != nil {
		return nil, nil, err
	}
	list, ofFile, err := f.list(c.Flags())
	if err != nil {
		return nil, nil, err
	}
	if target == nil {
		target = own(ofFile)
	}
	if len(target) == 0 {
		return nil, nil, usageError{errors.New(missing)}
	}
	return list, target, nil
}

// A copying is an image and the place that it goes to.
type copying struct{ from, to image.Reference }

// copyings are the images of a list that the mirrors have elsewhere. The error names two of them that would meet.
func copyings(list *imagelist.List, to image.Mirrors) ([]copying, error) {
	var all []copying
	var refs []image.Reference
	for _, i := range list.Images {
		if at, elsewhere := to.For(i.Reference); elsewhere {
			all = append(all, copying{i.Reference, at})
		}
		refs = append(refs, i.Reference)
	}
	for _, pair := range to.Collisions(refs) {
		at, _ := to.For(pair[0])
		return nil, usageError{fmt.Errorf("%s and %s would both be %s; use --layout prefix, or a mirror for each registry", pair[0], pair[1], at)}
	}
	return all, nil
}

func imagesMirror(streams genericiooptions.IOStreams) *cobra.Command {
	f, to := &imageFlags{input: input{in: streams.In}}, &mirrorFlags{}
	c := &cobra.Command{
		Use:   "mirror [REGISTRY]",
		Short: "Copy the images to a mirror, with all platforms and the same digests",
		Long: `Mirror copies the images that fitout images lists to REGISTRY, or without it to the mirrors that the cluster file names in
registries. Indexes are copied whole, so that digests stay; what is there already is not copied again, so that a command that was
broken off goes on where it stopped; and every digest is asked for afterwards. Registries are asked with the credentials of docker
and podman. It ends with 1 if one image could not be copied; the others are copied all the same.`,
		Example: `  fitout images mirror registry.example.com/mirror --minor 1.36
  fitout images mirror -f cluster.yaml`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			list, target, err := to.listed(c, f, args, mirrors.all, "no mirror is named; give REGISTRY, or registries in the cluster file")
			if err != nil {
				return err
			}
			all, err := copyings(list, target)
			if err != nil {
				return err
			}
			client := f.client(c.Context())
			return to.copyAll(streams, all, func(i copying) (registry.Outcome, string, error) { return client.Copy(i.from, i.to) })
		},
	}
	f.register(c)
	f.registerRegistries(c)
	to.register(c)
	return c
}

// copyAll copies images and tells of each as it is done. The error has those that could not be copied.
func (m *mirrorFlags) copyAll(streams genericiooptions.IOStreams, all []copying, copyOne func(copying) (registry.Outcome, string, error)) error {
	if m.dryRun {
		for _, i := range all {
			printable.Fprintf(streams.Out, "%s -> %s\n", i.from, i.to)
		}
		return nil
	}
	var mu sync.Mutex
	done, failed := 0, 0
	errs := concurrent.Map(m.jobs, all, func(i copying) error {
		outcome, digest, err := copyOne(i)
		mu.Lock()
		defer mu.Unlock()
		if done++; err != nil {
			failed++
			printable.Fprintf(streams.ErrOut, "[%d/%d] failed: %s: %v\n", done, len(all), i.from, err)
			return err
		}
		_, err = printable.Fprintf(streams.Out, "[%d/%d] %s: %s@%s\n", done, len(all), outcome, withoutDigest(i.to), digest)
		return err
	})
	if failed > 0 {
		return fmt.Errorf("%d of %d images could not be copied, see above; run the same command again to go on with those", failed, len(all))
	}
	return errors.Join(errs...)
}

func withoutDigest(r image.Reference) image.Reference {
	r.Digest = ""
	return r
}

func imagesSave(streams genericiooptions.IOStreams) *cobra.Command {
	f, to := &imageFlags{input: input{in: streams.In}}, &mirrorFlags{jobs: 1}
	c := &cobra.Command{
		Use:   "save DIR",
		Short: "Save the images in a folder, to be carried where no network is",
		Long: `Save writes the images that fitout images lists to DIR in the OCI image layout, with all platforms and the same digests. What DIR
has already is not fetched again. fitout images load copies them from there to a registry; so do crane, skopeo and oras.`,
		Example: "  fitout images save images/ -f cluster.yaml && tar -cf images.tar images/",
		Args:    cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			list, _, err := f.list(c.Flags())
			if err != nil {
				return err
			}
			folder, err := registry.CreateLayout(args[0])
			if err != nil {
				return usageError{err}
			}
			var all []copying
			for _, i := range list.Images {
				all = append(all, copying{i.Reference, i.Reference})
			}
			client := f.client(c.Context())
			return to.copyAll(streams, all, func(i copying) (registry.Outcome, string, error) { return client.Save(i.from, folder) })
		},
	}
	f.register(c)
	f.registerRegistries(c)
	c.Flags().BoolVar(&to.dryRun, "dry-run", false, "print what would be saved, and save nothing")
	return c
}

func imagesLoad(streams genericiooptions.IOStreams) *cobra.Command {
	f, to := &imageFlags{}, &mirrorFlags{}
	c := &cobra.Command{
		Use:   "load DIR REGISTRY",
		Short: "Copy the images of a folder that images save has made to a registry",
		Long: `Load copies every image of DIR to REGISTRY, with all platforms and the same digests, and asks for each digest afterwards. What is there
already is not copied again.`,
		Example: "  fitout images load images/ registry.example.com/mirror",
		Args:    cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			target, err := to.mirror(c, args[1:])
			if err != nil {
				return err
			}
			folder, err := registry.OpenLayout(args[0])
			if err != nil {
				return usageError{err}
			}
			entries, err := folder.Entries()
			if err != nil {
				return usageError{err}
			}
			list := &imagelist.List{}
			byName := map[image.Reference]registry.Entry{}
			for _, e := range entries {
				list.Images = append(list.Images, imagelist.Image{Reference: e.Reference})
				byName[e.Reference] = e
			}
			all, err := copyings(list, target)
			if err != nil {
				return err
			}
			client := f.client(c.Context())
			return to.copyAll(streams, all, func(i copying) (registry.Outcome, string, error) { return client.Load(folder, byName[i.from], i.to) })
		},
	}
	f.registerRegistries(c)
	to.register(c)
	return c
}

func imagesHosts(streams genericiooptions.IOStreams) *cobra.Command {
	f, to := &imageFlags{input: input{in: streams.In}}, &mirrorFlags{jobs: 1}
	var output string
	c := &cobra.Command{
		Use:   "hosts [REGISTRY]",
		Short: "Print the configuration with which nodes pull the images from a mirror",
		Long: `Hosts prints what the container runtimes of the nodes are to be told, so that they pull the images of every registry in the list from
REGISTRY, or from the mirrors of the cluster file that have at: nodes. The objects stay as they are then. containerd prints the
files of its folder of hosts, k3s the file registries.yaml of k3s and RKE2.`,
		Example: "  fitout images hosts registry.example.com/mirror -f cluster.yaml",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			print, ok := hostPrinters[output]
			if !ok {
				return usageError{fmt.Errorf("--output is %q; use containerd or k3s", output)}
			}
			list, target, err := to.listed(c, f, args, func(m mirrors) image.Mirrors { return m.nodes },
				"no mirror is named for the nodes; give REGISTRY, or registries with at: nodes in the cluster file")
			if err != nil {
				return err
			}
			hosts, err := imagelist.Hosts(list, target)
			if err != nil {
				return usageError{err}
			}
			return print(streams.Out, hosts)
		},
	}
	f.register(c)
	c.Flags().StringVar(&to.layout, "layout", image.Prefix, "path below REGISTRY: prefix or flattened")
	c.Flags().StringVarP(&output, "output", "o", "containerd", "format: containerd or k3s")
	return c
}

var hostPrinters = map[string]func(io.Writer, []imagelist.Host) error{"containerd": imagelist.HostsTOML, "k3s": imagelist.RegistriesYAML}
