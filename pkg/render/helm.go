package render

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// chartInput is all that a chart sees. Helm is known to this file and to those of foreign charts.
type chartInput struct {
	Files             fs.FS
	Values            map[string]any
	KubernetesVersion string
	APIVersions       []string // what the API server serves: apps/v1, apps/v1/DaemonSet
	Release           string
	Namespace         string
}

// chartObjects renders a chart to objects, in the order of its template files. A value that a template names and nobody
// gave is an error.
func chartObjects(in chartInput) ([]*manifest.Object, error) {
	files, err := readFiles(in.Files)
	if err != nil {
		return nil, err
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	version, err := chartutil.ParseKubeVersion(in.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	capabilities := &chartutil.Capabilities{KubeVersion: *version, APIVersions: in.APIVersions}
	values, err := chartutil.ToRenderValues(chart, in.Values, chartutil.ReleaseOptions{Name: in.Release, Namespace: in.Namespace, IsInstall: true, Revision: 1}, capabilities)
	if err != nil {
		return nil, err
	}
	rendered, err := executeBy(engine.Engine{Strict: true}, chart, values)
	if err != nil {
		return nil, err
	}
	var objects []*manifest.Object
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if !strings.HasSuffix(name, ".yaml") {
			return nil, fmt.Errorf("%s: is no .yaml file; a chart's templates folder holds manifests and _*.tpl only", name)
		}
		parsed, err := manifest.Parse(name, []byte(rendered[name]))
		if err != nil {
			return nil, err
		}
		objects = append(objects, parsed...)
	}
	return objects, nil
}

// renderWithin is how long the templates of a chart may take; those of the largest take a tenth of a second.
var renderWithin = 30 * time.Second

// executeBy runs the templates of a chart. One that panics or does not end is an error: a chart may be somebody's first.
func executeBy(by engine.Engine, chart *chart.Chart, values chartutil.Values) (map[string]string, error) {
	type result struct {
		files map[string]string
		err   error
	}
	done := make(chan result, 1)
	go func() {
		defer func() {
			if r := recover(); r != nil {
				done <- result{err: fmt.Errorf("chart %s: a template panics: %v", chart.Name(), r)}
			}
		}()
		files, err := by.Render(chart, values)
		done <- result{files, err}
	}()
	select {
	case r := <-done:
		return r.files, r.err
	case <-time.After(renderWithin):
		// A template cannot be stopped; the program ends with the error.
		return nil, fmt.Errorf("chart %s: its templates have not ended after %s; bound their loops", chart.Name(), renderWithin)
	}
}

func readFiles(from fs.FS) ([]*loader.BufferedFile, error) {
	var files []*loader.BufferedFile
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || name == "values.schema.json" { // checked before, with the lines of the cluster file
			return err
		}
		data, err := fs.ReadFile(from, name)
		files = append(files, &loader.BufferedFile{Name: path.Clean(name), Data: data})
		return err
	})
	return files, err
}
