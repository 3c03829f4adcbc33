package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Files returns the cluster files that patterns such as clusters/*.yaml match, each once; a folder stands for the *.yaml files in
// it. The error names every pattern that matches nothing.
func Files(patterns ...string) ([]string, error) {
	var all []string
	var faults []error
	for _, pattern := range patterns {
		glob := pattern
		if info, err := os.Stat(pattern); err == nil && info.IsDir() {
			glob = filepath.Join(pattern, "*.yaml")
		}
		found, err := filepath.Glob(glob)
		if err == nil && len(found) == 0 {
			err = fs.ErrNotExist
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %w; name cluster files, or a pattern that matches some", pattern, err))
		}
		for _, file := range found {
			if info, err := os.Stat(file); err != nil {
				faults = append(faults, err)
			} else if !info.Mode().IsRegular() {
				faults = append(faults, fmt.Errorf("%s is no regular file; name cluster files, or a pattern that matches nothing else", file))
			}
		}
		all = append(all, found...)
	}
	slices.Sort(all)
	return slices.Compact(all), errors.Join(faults...)
}

// Clusters prepares the clusters of cluster files, one after the other, from one catalogue. It ends with an error if a file has
// none: a strictyaml.Faults with the faults of all files where they are at fault. Files that name catalogues are for ClustersFrom.
func Clusters(catalogue *bundle.Catalogue, files []string) iter.Seq2[Cluster, error] {
	return ClustersFrom(func(file clusterfile.File) (*bundle.Catalogue, error) {
		if len(file.Catalogues) > 0 {
			return nil, strictyaml.Faults{file.Place(strictyaml.Fault{Field: "catalogues", Problem: "names catalogues, and all files are rendered from one here",
				Remedy: "use golden.ClustersFrom, as fitout golden does"})}
		}
		return catalogue, nil
	}, files)
}

// ClustersFrom is Clusters where each file tells its catalogue. Files that have it alike should get the same one: what their
// clusters have alike is then rendered once.
func ClustersFrom(catalogueOf func(clusterfile.File) (*bundle.Catalogue, error), files []string) iter.Seq2[Cluster, error] {
	return func(yield func(Cluster, error) bool) {
		p := preparer{catalogueOf: catalogueOf, batches: map[*bundle.Catalogue]*fitout.Batch{}, names: map[string]string{}}
		var faults strictyaml.Faults
		for _, file := range files {
			cluster, err := p.prepare(file)
			var found strictyaml.Faults
			if errors.As(err, &found) {
				faults = append(faults, found...)
				continue
			}
			if len(faults) == 0 && !yield(cluster, err) {
				return
			}
		}
		if len(faults) > 0 {
			yield(Cluster{}, faults)
		}
	}
}

// preparer prepares clusters.
type preparer struct {
	catalogueOf func(clusterfile.File) (*bundle.Catalogue, error)
	batches     map[*bundle.Catalogue]*fitout.Batch
	names       map[string]string // file of each cluster so far, by its name
}

// prepare prepares the cluster of one file.
func (p *preparer) prepare(file string) (Cluster, error) {
	name, err := nameOf(file)
	if err != nil {
		return Cluster{}, err
	}
	if other, taken := p.names[name]; taken {
		return Cluster{}, strictyaml.Faults{{File: file, Problem: "has the same golden file as " + other, Remedy: "rename one of them"}}
	}
	p.names[name] = file
	in, err := os.Open(file)
	if err != nil {
		return Cluster{}, err
	}
	defer in.Close()
	read, err := clusterfile.Read(file, in)
	var faults strictyaml.Faults
	if err != nil && !errors.As(err, &faults) {
		return Cluster{}, err
	}
	if len(faults) == 1 && faults[0].Field == "" {
		return Cluster{}, faults // it cannot be read as a whole: nothing else can be said of it
	}
	catalogue, err := p.catalogueOf(read)
	if err != nil {
		return Cluster{}, err
	}
	if p.batches[catalogue] == nil {
		p.batches[catalogue] = fitout.NewBatch(catalogue)
	}
	plan, err := p.batches[catalogue].Prepare(read, nil, faults.ErrorOrNil())
	return Cluster{Name: name, Plan: plan}, err
}

// nameOf returns the name of the cluster of a cluster file: its path, relative and without extension.
func nameOf(file string) (string, error) {
	clean := path.Clean(filepath.ToSlash(file))
	if path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", strictyaml.Faults{{File: file, Problem: "is outside the current folder, so that its golden file would have another name on another machine",
			Remedy: "run fitout golden in a folder that holds the cluster files"}}
	}
	return strings.TrimSuffix(clean, path.Ext(clean)), nil
}
