// Package artifact packs what a cluster gets into files and into one OCI artifact, whose bytes are the same on every machine, and
// reads them again. Nothing that was changed on the way is read.
package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"sigs.k8s.io/yaml"
)

// Version and Kind are the type of bundle.json.
const (
	Version = "fitout.dev/v1alpha1"
	Kind    = "PackedBundle"
)

// Bounds of what is read.
const (
	maxFiles  = 1000
	maxBytes  = 64 << 20 // of all files together
	maxAddons = 1000
)

// A Bundle is everything that one cluster gets, as it is applied.
type Bundle struct {
	APIVersion string              `json:"apiVersion"`
	Kind       string              `json:"kind"`
	Minor      string              `json:"bundle"`     // 1.36
	Kubernetes string              `json:"kubernetes"` // v1.36.4
	Digest     string              `json:"digest"`     // of what is rendered, without mirrors
	External   []string            `json:"external,omitempty"`
	Addons     []Addon             `json:"addons"`
	Waves      []Wave              `json:"waves"`
	Cluster    clusterfile.Cluster `json:"-"` // the complete cluster file
	Images     []byte              `json:"-"` // the list of images, as JSON
}

// An Addon is what of an addon is needed to apply and to judge its objects.
type Addon struct {
	Name     string             `json:"name"`
	Role     string             `json:"role"`
	Line     string             `json:"chart"`
	Version  string             `json:"version"`
	Digest   string             `json:"digest"`  // of its objects without mirrors
	Applied  string             `json:"applied"` // of its objects as they are here
	Provides []string           `json:"provides,omitempty"`
	Requires []string           `json:"requires,omitempty"`
	Recreate []string           `json:"recreate,omitempty"`
	Created  []*manifest.Object `json:"created,omitempty"` // definitions that its controllers create
}

// A Wave is the objects that are applied together.
type Wave struct {
	Name    string             `json:"name"`
	Objects []*manifest.Object `json:"-"`
}

// A File is one file of a packed bundle.
type File struct {
	Name    string // waves/01-namespaces/objects.yaml
	Content []byte
}

// Names of the files.
const (
	bundleFile        = "bundle.json"
	clusterFile       = "cluster.yaml"
	imagesFile        = "images.json"
	kustomizationFile = "kustomization.yaml"
	objectsFile       = "objects.yaml"
)

// folder names the folder of a wave: waves/01-namespaces.
func (b *Bundle) folder(n int) string {
	return fmt.Sprintf("waves/%02d-%s", n+1, strings.Trim(notPlain.ReplaceAllString(b.Waves[n].Name, "-"), "-"))
}

var notPlain = regexp.MustCompile(`[^a-z0-9]+`)

// Files returns the files of a bundle in the order of their names. The same bundle gives the same bytes.
func (b *Bundle) Files() ([]File, error) {
	b.APIVersion, b.Kind = Version, Kind
	about, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", bundleFile, err)
	}
	cluster, err := clusterText(b.Cluster)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", clusterFile, err)
	}
	files := []File{{bundleFile, append(about, '\n')}, {clusterFile, cluster}, {imagesFile, b.Images}}
	var folders []string
	for n, w := range b.Waves {
		var objects bytes.Buffer
		if err := manifest.Write(&objects, w.Objects); err != nil {
			return nil, fmt.Errorf("%s: %w", b.folder(n), err)
		}
		folders = append(folders, b.folder(n))
		files = append(files, File{path.Join(b.folder(n), objectsFile), objects.Bytes()},
			File{path.Join(b.folder(n), kustomizationFile), kustomization(objectsFile)})
	}
	files = append(files, File{kustomizationFile, kustomization(folders...)})
	slices.SortFunc(files, func(a, c File) int { return strings.Compare(a.Name, c.Name) })
	return files, nil
}

// clusterText writes a cluster file without the fields that are empty: no format of one has an empty text for "nothing".
func clusterText(c clusterfile.Cluster) ([]byte, error) {
	text, err := json.Marshal(c)
	if err != nil {
		return nil, err
	}
	var fields map[string]any
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	return yaml.Marshal(withoutEmpty(fields))
}

// withoutEmpty leaves out what says nothing: null, an empty text, and what consists of such alone.
func withoutEmpty(v any) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, inner := range v {
			if inner = withoutEmpty(inner); inner != nil {
				out[key] = inner
			}
		}
		if len(out) > 0 {
			return out
		}
		return nil
	case []any:
		var out []any
		for _, inner := range v {
			out = append(out, withoutEmpty(inner))
		}
		if out == nil {
			return nil
		}
		return out
	case string:
		if v == "" {
			return nil
		}
	}
	return v
}

// kustomization lists resources for kustomize, Flux and Argo CD.
func kustomization(resources ...string) []byte {
	return []byte("apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources:\n- " + strings.Join(resources, "\n- ") + "\n")
}

// Read reads a bundle from its files, and refuses one whose objects are not those that its digests are of.
func Read(files []File) (*Bundle, error) {
	byName := map[string][]byte{}
	for _, f := range files {
		byName[f.Name] = f.Content
	}
	b := &Bundle{}
	d := json.NewDecoder(bytes.NewReader(byName[bundleFile]))
	d.DisallowUnknownFields()
	if err := d.Decode(b); errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("there is no %s: name what fitout pack has made", bundleFile)
	} else if err != nil {
		return nil, fmt.Errorf("%s: %w; it was made by another Fitout, or changed: pack it again", bundleFile, err)
	}
	if b.APIVersion != Version || b.Kind != Kind {
		return nil, fmt.Errorf("%s: it is a %q of %q, not a %s of %s: pack it again with this Fitout", bundleFile, b.Kind, b.APIVersion, Kind, Version)
	}
	if len(b.Addons) > maxAddons || len(b.Waves) > maxAddons {
		return nil, fmt.Errorf("%s: there are more than %d addons or waves", bundleFile, maxAddons)
	}
	file, err := clusterfile.Read(clusterFile, bytes.NewReader(byName[clusterFile]))
	if err != nil {
		return nil, err
	}
	b.Cluster, b.Images = file.Cluster, byName[imagesFile]
	for n := range b.Waves {
		name := path.Join(b.folder(n), objectsFile)
		if b.Waves[n].Objects, err = manifest.Parse(name, byName[name]); err != nil {
			return nil, err
		}
	}
	return b, b.verify()
}

// verify compares the objects with the digests that the bundle has of them.
func (b *Bundle) verify() error {
	of := b.ObjectsByAddon()
	var errs []error
	for _, a := range b.Addons {
		digest, err := manifest.Digest(of[a.Name])
		switch {
		case err != nil:
			errs = append(errs, err)
		case digest != a.Applied:
			errs = append(errs, fmt.Errorf("addon %s: its objects have the digest %s, not %s: somebody has changed them", a.Name, digest, a.Applied))
		}
		delete(of, a.Name)
		for _, o := range a.Created {
			if o == nil || o.GetKind() != "CustomResourceDefinition" || o.GetName() == "" {
				errs = append(errs, fmt.Errorf("%s: addon %s: what its controllers create is no definition", bundleFile, a.Name))
			}
		}
	}
	for name, objects := range of {
		errs = append(errs, fmt.Errorf("%s is of an addon %q that %s does not have: somebody has added it", manifest.IDOf(objects[0]), name, bundleFile))
	}
	if b.Cluster.KubernetesVersion != b.Kubernetes || b.Cluster.Minor() != b.Minor {
		errs = append(errs, fmt.Errorf("%s is of Kubernetes %s, and %s of %s: somebody has changed one of them", clusterFile, b.Cluster.KubernetesVersion, bundleFile, b.Kubernetes))
	}
	return errors.Join(errs...)
}

// ObjectsByAddon returns the objects of the waves by the addon that their labels name, in the order of their IDs.
func (b *Bundle) ObjectsByAddon() map[string][]*manifest.Object {
	of := map[string][]*manifest.Object{}
	for _, w := range b.Waves {
		for _, o := range w.Objects {
			name := o.GetLabels()[addonLabel]
			of[name] = append(of[name], o)
		}
	}
	for _, objects := range of {
		manifest.Sort(objects)
	}
	return of
}

// addonLabel is render.LabelAddon.
const addonLabel = "fitout.dev/addon"
