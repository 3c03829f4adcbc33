package inventory

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A Rendering is everything that a complete run has applied, as it was applied, so that it can be applied again when no Fitout
// renders it any more. It is kept in a Secret: who may write those of kube-system may do anything in the cluster already.
type Rendering struct {
	Target   Target          `json:"target"`
	External []string        `json:"external,omitempty"` // capabilities that the user brings
	Addons   []RenderedAddon `json:"addons"`
}

// A RenderedAddon is what of an addon is needed to apply its objects.
type RenderedAddon struct {
	Name     string             `json:"name"`
	Role     string             `json:"role"`
	Version  string             `json:"version"`
	Digest   string             `json:"digest"`
	Provides []string           `json:"provides,omitempty"`
	Requires []string           `json:"requires,omitempty"`
	Recreate []string           `json:"recreate,omitempty"`
	Created  []*manifest.Object `json:"created,omitempty"`
	Objects  []*manifest.Object `json:"objects"`
}

// Slots are the Secrets in kube-system that hold a rendering: the last complete one, and the one before.
var Slots = []string{"fitout-rendering-a", "fitout-rendering-b"}

const keyRendering = "rendering.json.gz"

// maxRendering bounds a rendering as it is kept, in bytes: the API server takes 1 MiB for all values of a Secret. Calico with
// Traefik has 19 KB.
const maxRendering = 1000 << 10

// maxRenderingText bounds it as JSON, in bytes: Calico with Traefik has 190 KB.
const maxRenderingText = 4 << 20

// maxRenderingValues bounds the values of a rendering, each of which takes up to 200 bytes of memory however short its text is: Calico with
// Traefik has fewer than 20,000.
const maxRenderingValues = 200_000

// valueLimit fails once a JSON text has had more values than it may have. What begins a value counts, wherever it stands.
type valueLimit struct {
	io.Reader
	left int
}

func (v *valueLimit) Read(p []byte) (int, error) {
	n, err := v.Reader.Read(p)
	for _, b := range p[:n] {
		if b == ',' || b == '{' || b == '[' {
			v.left--
		}
	}
	if v.left < 0 {
		return 0, fmt.Errorf("it has more than %d values", maxRenderingValues)
	}
	return n, err
}

// Object returns the Secret of a rendering.
func (r *Rendering) Object(slot string) (*manifest.Object, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	packed, err := compress(text)
	if err != nil {
		return nil, fmt.Errorf("rendering: %w", err)
	}
	if len(packed) > maxRendering || len(text) > maxRenderingText {
		return nil, fmt.Errorf("the rendering has %d bytes, compressed %d; at most %d and %d are kept", len(text), len(packed), maxRenderingText, maxRendering)
	}
	return own("Secret", slot, r.Target.Bundle, map[string]any{keyRendering: base64.StdEncoding.EncodeToString(packed)}), nil
}

// ParseRendering reads the Secret of a rendering. It is bounded and validated, since somebody else may have written it.
func ParseRendering(o *manifest.Object) (*Rendering, error) {
	r, err := parseRendering(o)
	if err == nil {
		err = r.validate()
	}
	if err != nil {
		return nil, fmt.Errorf("the Secret %s/%s is damaged, or was not written by Fitout: %w; delete it: the next complete run writes another", o.GetNamespace(), o.GetName(), brief(err))
	}
	return r, nil
}

func parseRendering(o *manifest.Object) (*Rendering, error) {
	packed, _, err := unstructured.NestedString(o.Object, "data", keyRendering)
	if err != nil {
		return nil, err
	}
	inflated, err := manifest.Inflate(packed, maxRenderingText)
	if err != nil {
		return nil, err
	}
	r := &Rendering{}
	d := json.NewDecoder(&valueLimit{Reader: inflated, left: maxRenderingValues})
	if err := d.Decode(r); err != nil {
		return nil, err
	}
	return r, ended(d)
}

// validate returns the first part that Fitout does not write.
func (r *Rendering) validate() error {
	if err := r.Target.validate(); err != nil {
		return err
	}
	if len(r.Addons) > maxAddons {
		return fmt.Errorf("there are %d addons, more than %d", len(r.Addons), maxAddons)
	}
	objects := 0
	for _, a := range r.Addons {
		if err := cmp.Or(label("name", a.Name), word("role", a.Role), word("version", a.Version), digest(a.Digest)); err != nil {
			return fmt.Errorf("addon %s: %w", quoted(a.Name), err)
		}
		if objects += len(a.Objects) + len(a.Created); objects > maxEntries {
			return fmt.Errorf("there are more than %d objects", maxEntries)
		}
		for _, o := range a.Created {
			if o == nil || o.GetKind() != "CustomResourceDefinition" || o.GetName() == "" || o.GroupVersionKind().Group != "apiextensions.k8s.io" {
				return fmt.Errorf("addon %s: what its controllers create is no definition", a.Name)
			}
		}
		for _, o := range a.Objects {
			if err := a.owns(o); err != nil {
				return fmt.Errorf("addon %s: %w", a.Name, err)
			}
		}
	}
	return nil
}

// owns refuses what is not an object of the addon.
func (a RenderedAddon) owns(o *manifest.Object) error {
	if o == nil || o.GetKind() == "" || o.GetName() == "" || o.GetAPIVersion() == "" {
		return errors.New("there is an object without apiVersion, kind or name")
	}
	if o.GetLabels()[render.LabelAddon] != a.Name || o.GetLabels()[render.LabelManagedBy] != render.ManagedBy {
		return fmt.Errorf("%s lacks the labels of the addon", quoted(manifest.IDOf(o).String()))
	}
	return nil
}
