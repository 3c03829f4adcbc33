// Package image knows references to container images: it reads them, finds them in objects, and says where a mirror has them.
package image

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A Reference names an image, in the form that all runtimes read the same way: docker.io/library/traefik rather than traefik.
type Reference struct {
	Registry string // registry.k8s.io, or registry.example.com:5000
	Path     string // coredns/coredns
	Tag      string // v1.14.2; "" without one
	Digest   string // sha256:...; "" without one
}

// Parse reads a reference as the runtimes do: without a registry it is one of docker.io, without a tag and a digest its tag is
// latest. The error says what a reference looks like.
func Parse(text string) (Reference, error) {
	named, err := reference.ParseNormalizedNamed(text)
	if err != nil {
		return Reference{}, fmt.Errorf("%q is no image reference: %w; write one such as registry.example.com/name:v1.2.3", printable.Cut(text, 100), err)
	}
	named = reference.TagNameOnly(named)
	r := Reference{Registry: reference.Domain(named), Path: reference.Path(named)}
	if tagged, ok := named.(reference.Tagged); ok {
		r.Tag = tagged.Tag()
	}
	if digested, ok := named.(reference.Digested); ok {
		r.Digest = digested.Digest().String()
	}
	return r, nil
}

// Repository is the reference without tag and digest.
func (r Reference) Repository() string { return r.Registry + "/" + r.Path }

// Name is what a registry is asked for: by the digest where there is one, else by the tag.
func (r Reference) Name() string {
	if r.Digest != "" {
		return r.Repository() + "@" + r.Digest
	}
	return r.Repository() + ":" + r.Tag
}

func (r Reference) String() string {
	var text strings.Builder
	text.WriteString(r.Repository())
	if r.Tag != "" {
		text.WriteString(":" + r.Tag)
	}
	if r.Digest != "" {
		text.WriteString("@" + r.Digest)
	}
	return text.String()
}
