package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/addons"
	"github.com/fitout-dev/fitout/bundles"
	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/catalogue"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/probes"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/spf13/cobra"
)

// catalogueFlag is the flag that lays catalogues over the embedded one.
type catalogueFlag struct {
	given  []string          // by the flag
	loaded *bundle.Catalogue // once it was read
}

// A layer is a catalogue to lay over those before it.
type layer struct {
	source string
	from   string // the flag or the field that names it, for messages
	lock   string // folder of the lock, for one that is fetched
}

func (f *catalogueFlag) register(c *cobra.Command) {
	c.Flags().StringArrayVar(&f.given, "catalogue", nil, "catalogue of your own, laid over the embedded one and over those that the cluster file names: a folder with addons/NAME/... and bundles/MINOR.yaml, oci://REGISTRY/PATH:TAG, or https://HOST/FILE.tgz, which fitout catalogue lock fetches; may be repeated, and a later one goes before an earlier one")
}

// load returns the catalogue: what is embedded, and the layers of the flag over it. It is read once.
func (f *catalogueFlag) load() (*bundle.Catalogue, error) { return f.read(f.over(nil, ".")) }

// over returns layers with those of the flag over them; lock is the folder of the lock.
func (f *catalogueFlag) over(below []layer, lock string) []layer {
	layers := below
	for _, source := range f.given {
		layers = append(layers, layer{source, "--catalogue", lock})
	}
	return layers
}

// read reads the catalogue that layers make, once.
func (f *catalogueFlag) read(layers []layer) (*bundle.Catalogue, error) {
	if f.loaded != nil {
		return f.loaded, nil
	}
	all, err := readLayers(layers)
	if err == nil {
		f.loaded = all
	}
	return all, err
}

// readLayers reads the embedded catalogue with layers over it, and holds its probes to those that there are; the error has the
// faults of all.
func readLayers(layers []layer) (*bundle.Catalogue, error) {
	sources := []bundle.Source{{Addons: addons.FS, Bundles: bundles.FS}}
	var errs []error
	named := map[string]bool{}
	for _, l := range layers {
		if named[l.source] {
			return nil, usageError{fmt.Errorf("%s: %s is named twice; name each catalogue once", l.from, l.source)}
		}
		named[l.source] = true
		source, err := l.open()
		errs = append(errs, err, addSnapshots(source))
		sources = append(sources, source)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, usageError{err}
	}
	all, err := bundle.LoadLayers(sources...)
	if err = errors.Join(err, all.VerifyProbes(probes.Rules())); err == nil {
		err = snapshotsOf(all)
	}
	if err != nil && len(layers) > 0 {
		err = usageError{err}
	}
	return all, err
}

// addSnapshots makes the snapshots of the API known that a source brings for its own minors.
func addSnapshots(s bundle.Source) error {
	if s.APIs == nil {
		return nil
	}
	files, err := fs.Glob(s.APIs, "*")
	if err != nil {
		return err
	}
	var faults strictyaml.Faults
	for _, file := range files {
		minor, isSnapshot := strings.CutSuffix(file, ".json.gz")
		data, err := fs.ReadFile(s.APIs, file)
		switch {
		case !isSnapshot:
			err = errors.New("is no snapshot; name it after the minor, such as 1.40.json.gz")
		case err == nil:
			err = kubeapi.Add(minor, data)
		}
		if err != nil {
			faults = append(faults, strictyaml.Fault{File: path.Join(s.Name, "apis", file), Problem: err.Error()})
		}
	}
	return faults.ErrorOrNil()
}

// snapshotsOf wants a snapshot of the API of each minor that has a bundle.
func snapshotsOf(all *bundle.Catalogue) error {
	var faults strictyaml.Faults
	for _, minor := range all.Minors() {
		if slices.Contains(kubeapi.Minors(), minor) {
			continue
		}
		if _, err := kubeapi.Load(minor); err != nil {
			faults = append(faults, strictyaml.Fault{File: "bundle " + minor, Problem: "has no snapshot of its API", Remedy: "put apis/" + minor + ".json.gz into the catalogue (docs/addons.md)"})
		}
	}
	return faults.ErrorOrNil()
}

func (l layer) parse() (catalogue.Source, error) {
	source, err := catalogue.ParseSource(l.source)
	if err != nil {
		err = fmt.Errorf("%s: %w", l.from, err)
	}
	return source, err
}

// open opens the folder of a layer, or what was fetched of it. A folder stays open: charts are read when they are rendered.
func (l layer) open() (bundle.Source, error) {
	source, err := l.parse()
	switch {
	case err != nil:
		return bundle.Source{}, err
	case source.Remote():
		return l.locked(source)
	}
	root, err := os.OpenRoot(l.source) // links in it lead nowhere else
	if err != nil {
		return bundle.Source{}, fmt.Errorf("%s: %w", l.from, err)
	}
	return bundle.Folder(l.source, root.FS())
}

// layersOf are the catalogues that a cluster file names. Folders are relative to the file.
func layersOf(file clusterfile.File, path string) []layer {
	var layers []layer
	for i, source := range file.Catalogues {
		if !filepath.IsAbs(source) && !strings.Contains(source, "://") {
			source = filepath.Join(folderOf(path), source)
		}
		layers = append(layers, layer{source, fmt.Sprintf("%s: catalogues[%d]", file.Name, i), folderOf(path)})
	}
	return layers
}

// folderOf is the folder of a cluster file; the current one of standard input and of none.
func folderOf(file string) string {
	if file == "-" {
		return "."
	}
	return filepath.Dir(file)
}

// complete offers the names of addons to the shell for the flags that take one: those of the version that --kubernetes names.
func (f *catalogueFlag) complete(c *cobra.Command) {
	for _, field := range []string{"cni", "ingress", "csi"} {
		err := c.RegisterFlagCompletionFunc(field, func(c *cobra.Command, _ []string, _ string) ([]string, cobra.ShellCompDirective) {
			if half := len(f.given) / 2; slices.Equal(f.given[:half], f.given[half:]) {
				f.given = f.given[:half] // cobra has parsed the flags twice
			}
			all, err := f.load()
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			given, _ := c.Flags().GetString("kubernetes")
			minor := clusterfile.Cluster{KubernetesVersion: given}.Minor()
			for _, choice := range all.Offers().For(minor) {
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
