package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericiooptions"
)

// maxManifest bounds a file of manifests, in bytes, and maxManifestFiles the files of a run.
const (
	maxManifest      = 16 << 20
	maxManifestFiles = 100_000
)

// notChecked is what no validation without a cluster can know.
const notChecked = "not checked: admission (policies, webhooks, quotas), references to other objects, changes of immutable fields"

func validateCommand(streams genericiooptions.IOStreams) *cobra.Command {
	var kubernetes string
	c := &cobra.Command{
		Use:   "validate FILE|FOLDER...",
		Short: "Check manifests against the API of a Kubernetes version, without a cluster",
		Long: `Validate reads manifests from files, from the *.yaml, *.yml and *.json files of folders, or from standard input (-), and
reports everything that the API server of the version would refuse in a strict dry run: kinds and versions that it does not
serve, unknown fields, values that it cannot decode, and values that break the rules of its kinds. Definitions are checked
by the API server's own libraries, and so are custom resources, by the definitions in the same input. Each fault has its
file and line. What only a cluster knows is not checked, and the last line of the output says so.`,
		Example: `  fitout validate --kubernetes 1.18 manifests.yaml
  fitout validate deploy/
  helm template my-chart | fitout validate --kubernetes 1.36 -`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError{errors.New("nothing to validate; name files or folders, or - for standard input")}
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error { return validateFiles(streams, kubernetes, args) },
	}
	c.Flags().StringVar(&kubernetes, "kubernetes", kubeapi.Newest(), "Kubernetes version, such as 1.36")
	return c
}

// validateFiles validates the objects of all files together. What is valid now and will not be in the newest version is a
// warning.
func validateFiles(streams genericiooptions.IOStreams, kubernetes string, args []string) error {
	version, err := clusterfile.ParseVersion(kubernetes)
	if err != nil {
		return usageError{err}
	}
	api, err := kubeapi.Load(version.Minor())
	if err != nil {
		return usageError{err}
	}
	later, err := kubeapi.Load(kubeapi.Newest())
	if err != nil {
		return err
	}
	in, err := readInput(streams, args)
	if err != nil {
		return usageError{err}
	}
	warn(streams.ErrOut, api.Deprecated(in.objects, later))
	for _, f := range api.Check(in.objects) {
		at := in.places[f.Object]
		fault := f.Fault(in.objects[f.Object])
		fault.File, fault.Line = at.file, at.item.Line(f.Path)
		in.faults = append(in.faults, fault)
	}
	slices.SortStableFunc(in.faults, func(a, b strictyaml.Fault) int {
		return cmp.Or(slices.Index(in.files, a.File)-slices.Index(in.files, b.File), a.Line-b.Line)
	})
	if err := in.faults.ErrorOrNil(); err != nil {
		return err
	}
	if len(in.objects) == 0 {
		return usageError{fmt.Errorf("%s: no objects; give manifests", strings.Join(args, ", "))}
	}
	printable.Fprintf(streams.Out, "%d objects are valid for Kubernetes %s\n%s", len(in.objects), kubernetes, notChecked)
	if kinds := api.SchemaOnly(in.objects); len(kinds) > 0 {
		printable.Fprintf(streams.Out, "; rules beyond the schema for %s", strings.Join(kinds, ", "))
	}
	fmt.Fprintln(streams.Out)
	return nil
}

// manifests are the objects of an input, and what is no object.
type manifests struct {
	files   []string // in the order of reading
	objects []*manifest.Object
	places  []place // of the objects
	faults  strictyaml.Faults
}

// A place is where an object stands.
type place struct {
	file string
	item manifest.Item
}

// readInput reads all files and folders.
func readInput(streams genericiooptions.IOStreams, args []string) (*manifests, error) {
	in := &manifests{}
	files := 0
	for _, arg := range args {
		paths, err := manifestFiles(arg)
		if err != nil {
			return nil, err
		}
		if files += len(paths); files > maxManifestFiles {
			return nil, fmt.Errorf("%s: more than %d files; validate fewer at once", arg, maxManifestFiles)
		}
		for _, path := range paths {
			text, name, err := readManifests(streams.In, path)
			if err != nil {
				in.unreadable(name, err)
				continue
			}
			if in.take(name, text) == 0 {
				warn(streams.ErrOut, []string{name + ": no objects"})
			}
		}
	}
	return in, nil
}

// unreadable adds a file that cannot be read to the faults: those of the others are told all the same.
func (in *manifests) unreadable(name string, err error) {
	fault := strictyaml.Fault{File: name, Problem: "cannot be read: " + err.Error()}
	var of *fs.PathError
	if errors.As(err, &of) {
		fault.Problem, fault.Remedy = "cannot be read: "+of.Err.Error(), "name files that are there and that you may read"
	}
	in.files, in.faults = append(in.files, name), append(in.faults, fault)
}

// take adds the objects of a text and returns how many documents and list entries it has.
func (in *manifests) take(file string, text []byte) int {
	in.files = append(in.files, file)
	items := manifest.Items(text)
	for _, item := range items {
		if item.Err != nil {
			in.faults = append(in.faults, strictyaml.Fault{File: file, Line: item.Line(""), Field: "document", Problem: item.Err.Error()})
			continue
		}
		in.objects = append(in.objects, item.Object)
		in.places = append(in.places, place{file, item})
	}
	return len(items)
}

// manifestFiles returns the file that is named, or the manifests in a folder and those below it.
func manifestFiles(arg string) ([]string, error) {
	if info, err := os.Stat(arg); arg == "-" || err != nil || !info.IsDir() {
		return []string{arg}, nil // reading it says what is wrong
	}
	var files []string
	err := filepath.WalkDir(arg, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) {
			files = append(files, path)
		}
		return err
	})
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: no *.yaml, *.yml or *.json files in this folder; name the files", arg)
	}
	return files, err
}

// readManifests returns the text of a file and its name in messages.
func readManifests(in io.Reader, file string) (text []byte, name string, err error) {
	name = file
	if file == "-" {
		name = "standard input"
	} else {
		f, err := os.Open(file)
		if err != nil {
			return nil, name, err
		}
		defer f.Close()
		in = f
	}
	text, err = io.ReadAll(io.LimitReader(in, maxManifest+1))
	if err != nil {
		return nil, name, err
	}
	if len(text) > maxManifest {
		return nil, name, fmt.Errorf("it is larger than %d MiB; give manifests, not an archive", maxManifest>>20)
	}
	return text, name, nil
}
