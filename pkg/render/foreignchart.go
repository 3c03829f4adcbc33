package render

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/archive"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"helm.sh/helm/v3/pkg/chart"
	"helm.sh/helm/v3/pkg/chart/loader"
	"helm.sh/helm/v3/pkg/chartutil"
	"helm.sh/helm/v3/pkg/engine"
)

// hookAnnotation is that of objects which Helm applies at moments of its own.
const hookAnnotation = "helm.sh/hook"

// maxNested is how deep packed charts may lie in packed charts.
const maxNested = 4

// foreignChart renders somebody else's chart as Helm would for an installation, without a cluster: crds/ first, dependencies in
// charts/ as the values enable them, tests left out. What Helm does beyond rendering, and what differs from one time to the next,
// is refused.
func foreignChart(in chartInput) ([]*manifest.Object, error) {
	files, err := chartFiles(in.Files, "", maxNested)
	if err != nil {
		return nil, err
	}
	chart, err := loader.LoadFiles(files)
	if err != nil {
		return nil, err
	}
	if err := usable(chart, in.KubernetesVersion); err != nil {
		return nil, err
	}
	if err := chartutil.ProcessDependencies(chart, in.Values); err != nil {
		return nil, err
	}
	if err := pure(chart, in.Values); err != nil {
		return nil, err
	}
	version, err := chartutil.ParseKubeVersion(in.KubernetesVersion)
	if err != nil {
		return nil, err
	}
	capabilities := &chartutil.Capabilities{KubeVersion: *version, APIVersions: in.APIVersions, HelmVersion: chartutil.DefaultCapabilities.HelmVersion}
	release := chartutil.ReleaseOptions{Name: in.Release, Namespace: in.Namespace, IsInstall: true, Revision: 1}
	values, err := chartutil.ToRenderValuesWithSchemaValidation(chart, in.Values, release, capabilities, true) // a schema may lead into the network
	if err != nil {
		return nil, err
	}
	rendered, err := executeBy(engine.Engine{}, chart, values)
	if err != nil {
		return nil, err
	}
	return foreignObjects(chart, rendered)
}

// chartFiles are the files of a chart, with the packed ones of its dependencies in place of their archives. Schemas of values are
// left out.
func chartFiles(from fs.FS, at string, nested int) ([]*loader.BufferedFile, error) {
	var files []*loader.BufferedFile
	err := fs.WalkDir(from, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || path.Base(name) == "values.schema.json" {
			return err
		}
		data, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		if path.Base(path.Dir(name)) != "charts" || path.Ext(name) != ".tgz" {
			files = append(files, &loader.BufferedFile{Name: path.Join(at, name), Data: data})
			return nil
		}
		if nested == 0 {
			return fmt.Errorf("%s is packed more than %d times; unpack it", path.Join(at, name), maxNested)
		}
		inner, err := archive.Unpack(data, archive.Catalogue)
		if err != nil {
			return fmt.Errorf("%s: %w", path.Join(at, name), err)
		}
		if inner, err = archive.Inside(inner); err != nil {
			return err
		}
		more, err := chartFiles(inner, path.Join(at, strings.TrimSuffix(name, ".tgz")), nested-1)
		files = append(files, more...)
		return err
	})
	if total := size(files); err == nil && total > archive.Catalogue.Bytes {
		err = fmt.Errorf("the chart with its dependencies has %d MiB, more than %d; take out what is not used", total>>20, archive.Catalogue.Bytes>>20)
	}
	return files, err
}

func size(files []*loader.BufferedFile) (total int64) {
	for _, f := range files {
		total += int64(len(f.Data))
	}
	return total
}

// usable refuses a chart that cannot be rendered as it is.
func usable(c *chart.Chart, kubernetes string) error {
	if err := c.Validate(); err != nil {
		return err
	}
	if c.Metadata.Type == "library" {
		return errors.New("is a library, which has no objects of its own; take a chart that uses it")
	}
	if wants := c.Metadata.KubeVersion; wants != "" && !chartutil.IsCompatibleRange(wants, kubernetes) {
		return fmt.Errorf("wants Kubernetes %s, and the cluster has %s; take a version of the chart that supports it", wants, kubernetes)
	}
	have := map[string]bool{}
	for _, d := range c.Dependencies() {
		have[d.Name()] = true
	}
	for _, d := range c.Metadata.Dependencies {
		if !have[d.Name] {
			return fmt.Errorf("depends on the chart %s, which is not in its folder charts; run helm dependency build, and pack it again", d.Name)
		}
	}
	return nil
}

// foreignObjects are the objects of crds/ and of the templates, without the tests.
func foreignObjects(c *chart.Chart, rendered map[string]string) ([]*manifest.Object, error) {
	var objects []*manifest.Object
	for _, definition := range c.CRDObjects() {
		found, err := manifest.Parse(definition.Filename, definition.File.Data)
		if err != nil {
			return nil, err
		}
		objects = append(objects, found...)
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(rendered)) {
		if path.Base(name) == "NOTES.txt" || strings.HasPrefix(path.Base(name), "_") {
			continue
		}
		found, err := manifest.Parse(name, []byte(rendered[name]))
		errs = append(errs, err)
		for _, o := range found {
			switch hook := o.GetAnnotations()[hookAnnotation]; {
			case hook == "":
				objects = append(objects, o)
			case hook != "test" && hook != "test-success":
				errs = append(errs, fmt.Errorf("%s: %s is a hook (%s), which Helm runs at a moment of its own and Fitout would keep; set values so that the chart makes none", name, manifest.IDOf(o), hook))
			}
		}
	}
	return objects, errors.Join(errs...)
}
