package render

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// objectsOf renders an addon as its form wants it.
func objectsOf(r bundle.ResolvedAddon, cluster clusterfile.Cluster, served []string) ([]*manifest.Object, error) {
	in := chartInput{Files: r.Chart, Values: r.Values, KubernetesVersion: cluster.KubernetesVersion, APIVersions: served, Release: r.Name, Namespace: r.Namespace}
	if r.Form == bundle.FitoutChart {
		return chartObjects(in)
	}
	var objects []*manifest.Object
	var err error
	switch r.Form {
	case bundle.HelmChart:
		objects, err = foreignChart(in)
	case bundle.Manifests:
		objects, err = manifestsIn(r.Chart)
	case bundle.Kustomization:
		objects, err = kustomized(r.Chart)
	default:
		err = fmt.Errorf("the form %q is unknown", r.Form) // the catalogue has checked it
	}
	if err != nil {
		return nil, err
	}
	return settled(objects, r)
}

// settled makes objects that somebody else wrote fit the rules of all addons: each has its namespace, and no Secret has contents.
func settled(objects []*manifest.Object, r bundle.ResolvedAddon) ([]*manifest.Object, error) {
	kinds := manifest.KindsOf(objects)
	named := map[string]bool{}
	for _, o := range objects {
		_, resource, err := kinds.Of(o)
		if err == nil && resource.Namespaced && o.GetNamespace() == "" {
			o.SetNamespace(r.Namespace)
		}
		if o.GetKind() == "Namespace" {
			named[o.GetName()] = true
		}
		if o.GetKind() == "Secret" && holdsContents(o) {
			return nil, fmt.Errorf("%s has contents, which no file of a catalogue and no golden file may hold; make the Secret another way, and name it in the values", manifest.IDOf(o))
		}
	}
	if r.Namespace != Namespace && !named[r.Namespace] && slices.ContainsFunc(objects, func(o *manifest.Object) bool { return o.GetNamespace() == r.Namespace }) {
		objects = append(objects, &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": r.Namespace}}})
	}
	return objects, pinImages(objects, r.Images)
}

func holdsContents(o *manifest.Object) bool {
	for _, field := range []string{"data", "stringData"} {
		if contents, _ := o.Object[field].(map[string]any); len(contents) > 0 {
			return true
		}
	}
	return false
}

// pinImages gives the images of containers the references that the bundle has for their repositories. One that no container has
// is an error.
func pinImages(objects []*manifest.Object, pins map[string]string) error {
	used := map[string]bool{}
	for _, o := range objects {
		at := manifest.PodSpecPath(o.GetKind())
		if at == nil {
			continue
		}
		for _, list := range []string{"containers", "initContainers"} {
			containers, _, _ := unstructured.NestedFieldNoCopy(o.Object, append(slices.Clone(at), list)...)
			all, _ := containers.([]any)
			for _, c := range all {
				container, _ := c.(map[string]any)
				text, _ := container["image"].(string)
				reference, err := image.Parse(text)
				if pin, ok := pins[reference.Repository()]; ok && err == nil {
					container["image"], used[reference.Repository()] = pin, true
				}
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(pins)) {
		if !used[name] {
			return fmt.Errorf("images names %s, which no container has; write the repository in full, such as docker.io/library/redis", name)
		}
	}
	return nil
}

// manifestsIn reads the manifests of a folder, in the order of their names.
func manifestsIn(files fs.FS) ([]*manifest.Object, error) {
	var objects []*manifest.Object
	err := fs.WalkDir(files, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !slices.Contains([]string{".yaml", ".yml", ".json"}, path.Ext(name)) || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		text, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		found, err := manifest.Parse(name, text)
		objects = append(objects, found...)
		return err
	})
	if err == nil && len(objects) == 0 {
		err = fmt.Errorf("has no manifest; write some as *.yaml, *.yml or *.json")
	}
	return objects, err
}
