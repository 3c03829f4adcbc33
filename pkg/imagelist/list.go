// Package imagelist lists the images that clusters pull: for mirrors, for carrying them into a room without a network, and for the
// configuration of the nodes.
package imagelist

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/bundle"
	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Version and Kind are the type of a list in JSON.
const (
	Version = "fitout.dev/v1alpha1"
	Kind    = "ImageList"
)

// Sources of images.
const (
	OfAddon = "addon" // an addon's object names it
	OfProbe = "probe" // Fitout's own probe pods run it
	OfNode  = "node"  // a node pulls it whatever the addons are
)

// A List is every image of one cluster or of several, in the order of the references.
type List struct {
	APIVersion string  `json:"apiVersion"`
	Kind       string  `json:"kind"`
	Images     []Image `json:"images"`
}

// An Image is one image of a list.
type Image struct {
	Image     string   `json:"image"`               // registry.k8s.io/coredns/coredns:v1.14.2@sha256:...
	Pulled    string   `json:"pulled,omitempty"`    // where a mirror has it, where the objects or the nodes are told of one
	Digest    string   `json:"digest,omitempty"`    // of the index or the manifest; empty where neither the bundle nor a registry has said so
	Platforms []string `json:"platforms,omitempty"` // linux/amd64; as a registry says
	Source    string   `json:"source"`
	Note      string   `json:"note,omitempty"` // of an image that a node pulls: why
	Uses      []Use    `json:"uses,omitempty"`

	Reference image.Reference `json:"-"`
	At        image.Reference `json:"-"` // Pulled, or the image itself
}

// A Use is a container that runs an image, or another place that names it.
type Use struct {
	Addon     string `json:"addon"`
	Object    string `json:"object"` // DaemonSet kube-system/cilium
	Container string `json:"container,omitempty"`
	Path      string `json:"path,omitempty"` // of a place that is no container's image
}

// A Builder collects the images of several clusters.
type Builder struct {
	images map[string]*Image
	seen   map[string]bool
}

// NewBuilder returns a builder of an empty list.
func NewBuilder() *Builder { return &Builder{images: map[string]*Image{}, seen: map[string]bool{}} }

// Add adds what a cluster's objects name, and what its nodes pull besides. The error is that of the catalogue, whose images of nodes
// may be no references.
func (b *Builder) Add(r *render.Rendering, nodes []bundle.NodeImage) error {
	for _, found := range r.Images() {
		entry := b.entry(found.Reference, found.Pulled, OfAddon)
		if at, told := r.NodeMirrors.For(found.Reference); told && entry.At == entry.Reference {
			entry.At = at
		}
		use := Use{Addon: found.Addon, Object: found.Object.String(), Container: found.Container}
		if found.Mention {
			use.Path = found.Path
		}
		if key := fmt.Sprint(entry.Image, use); !b.seen[key] {
			b.seen[key] = true
			entry.Uses = append(entry.Uses, use)
		}
	}
	for _, n := range nodes {
		ref, err := image.Parse(n.Image)
		if err != nil {
			return fmt.Errorf("bundle %s: nodeImages: %w", r.Bundle, err)
		}
		at, _ := r.NodeMirrors.For(ref)
		b.entry(ref, at, OfNode).Note = n.Means
	}
	return nil
}

// AddProbe adds the image of Fitout's probe pods, which is pulled from a place.
func (b *Builder) AddProbe(ref, at image.Reference) { b.entry(ref, at, OfProbe) }

func (b *Builder) entry(ref, at image.Reference, source string) *Image {
	key := ref.String()
	if b.images[key] == nil {
		b.images[key] = &Image{Image: key, Digest: ref.Digest, Source: source, Reference: ref, At: at}
	}
	return b.images[key]
}

// List returns what was collected. Where two mirrors are for the same image, the first that was added counts.
func (b *Builder) List() *List {
	list := &List{APIVersion: Version, Kind: Kind, Images: []Image{}}
	for _, i := range b.images {
		if i.At != i.Reference {
			i.Pulled = i.At.String()
		}
		slices.SortFunc(i.Uses, func(a, b Use) int {
			return cmp.Or(cmp.Compare(a.Addon, b.Addon), cmp.Compare(a.Object, b.Object), cmp.Compare(a.Container, b.Container), cmp.Compare(a.Path, b.Path))
		})
		list.Images = append(list.Images, *i)
	}
	slices.SortFunc(list.Images, func(a, b Image) int { return cmp.Compare(a.Image, b.Image) })
	return list
}

// Unpinned are the images of a list without a digest.
func (l *List) Unpinned() []string {
	var all []string
	for _, i := range l.Images {
		if i.Digest == "" {
			all = append(all, i.Image)
		}
	}
	return all
}

// by says who names an image, for a table: addon/container.
func (i Image) by() string {
	var all []string
	for _, u := range i.Uses {
		name := u.Addon + "/" + cmp.Or(u.Container, u.Path)
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	switch i.Source {
	case OfProbe:
		all = append(all, "probe pods of Fitout")
	case OfNode:
		all = append(all, "nodes: "+i.Note)
	}
	return strings.Join(all, ", ")
}
