package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/match"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// refName is the annotation of a layout's entry that names it (OCI Image Format, "Pre-Defined Annotation Keys").
const refName = "org.opencontainers.image.ref.name"

// mostEntries bounds how many images a layout may have.
const mostEntries = 10_000

// A Layout is a folder of images in the OCI image layout, for carrying them where no network is.
type Layout struct{ path layout.Path }

// CreateLayout opens a layout to write to, which it makes where nothing is yet. A folder of something else is an error.
func CreateLayout(dir string) (*Layout, error) {
	path, err := layout.FromPath(dir)
	if errors.Is(err, fs.ErrNotExist) {
		entries, readErr := os.ReadDir(dir)
		if readErr == nil && len(entries) > 0 {
			return nil, fmt.Errorf("%s is a folder of something else; name an empty one, or one that this command has made", dir)
		}
		path, err = layout.Write(dir, empty.Index)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w; name an empty folder, or one that this command has made", dir, err)
	}
	return &Layout{path}, nil
}

// OpenLayout opens a layout to read.
func OpenLayout(dir string) (*Layout, error) {
	path, err := layout.FromPath(dir)
	if err != nil {
		return nil, fmt.Errorf("%s is no OCI image layout: %w; name a folder that fitout images save has made", dir, err)
	}
	return &Layout{path}, nil
}

// Save copies an image from its registry into the layout. It is not for several goroutines at once.
func (c *Client) Save(from image.Reference, to *Layout) (Outcome, string, error) {
	what, err := c.content(from)
	if err != nil {
		return "", "", err
	}
	digest := what.digest.String()
	if to.has(from.String(), what.digest) {
		return Present, digest, nil
	}
	named := layout.WithAnnotations(map[string]string{refName: from.String()})
	if what.index != nil {
		err = to.path.ReplaceIndex(what.index, match.Name(from.String()), named)
	} else {
		err = to.path.ReplaceImage(what.image, match.Name(from.String()), named)
	}
	if err != nil {
		return "", "", explained("save "+from.String(), err)
	}
	return Copied, digest, nil
}

// has reports whether the layout has an image whole: an entry is made after everything that it needs.
func (l *Layout) has(reference string, digest v1.Hash) bool {
	entries, err := l.entries()
	return err == nil && slices.ContainsFunc(entries, func(d v1.Descriptor) bool { return d.Digest == digest && d.Annotations[refName] == reference })
}

func (l *Layout) entries() ([]v1.Descriptor, error) {
	index, err := l.path.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) > mostEntries {
		return nil, fmt.Errorf("it has %d images; %d are the most", len(manifest.Manifests), mostEntries)
	}
	return manifest.Manifests, nil
}

// An Entry is an image of a layout.
type Entry struct {
	Reference  image.Reference
	descriptor v1.Descriptor
}

// Entries are the images of the layout, in its order. The error names those without a name.
func (l *Layout) Entries() ([]Entry, error) {
	entries, err := l.entries()
	if err != nil {
		return nil, fmt.Errorf("%s: index.json: %w", l.path, err)
	}
	var all []Entry
	for _, d := range entries {
		ref, err := image.Parse(d.Annotations[refName])
		if err != nil {
			return nil, fmt.Errorf("%s: index.json: the annotation %s of %s: %w", l.path, refName, d.Digest, err)
		}
		all = append(all, Entry{Reference: ref, descriptor: d})
	}
	return all, nil
}

// Load copies an image of a layout to a place in a registry.
func (c *Client) Load(from *Layout, e Entry, to image.Reference) (Outcome, string, error) {
	index, err := from.path.ImageIndex()
	if err != nil {
		return "", "", err
	}
	what := content{digest: e.descriptor.Digest}
	switch {
	case e.descriptor.MediaType.IsIndex():
		what.index, err = index.ImageIndex(e.descriptor.Digest)
	case e.descriptor.MediaType.IsImage():
		what.image, err = index.Image(e.descriptor.Digest)
	default:
		err = fmt.Errorf("its media type is %q", printable.Cut(string(e.descriptor.MediaType), mostShown))
	}
	if err == nil {
		err = what.intact(e.descriptor.Digest)
	}
	if err != nil {
		return "", "", fmt.Errorf("%s: %s: %w; save it again", from.path, e.Reference, err)
	}
	return c.write(what, to)
}

// intact reads the manifests and configurations of an image from a folder and compares their digests with those that name them: registries
// check the digests of the layers that are sent to them.
func (c content) intact(want v1.Hash) error {
	var raw partial.WithRawManifest = c.image
	if c.index != nil {
		raw = c.index
	}
	text, err := raw.RawManifest()
	if err != nil {
		return err
	}
	if err := unchanged("manifest", text, want); err != nil {
		return err
	}
	if c.index == nil {
		return c.intactConfig()
	}
	manifest, err := c.index.IndexManifest()
	if err != nil {
		return err
	}
	for _, d := range manifest.Manifests {
		part := content{digest: d.Digest}
		switch {
		case d.MediaType.IsIndex():
			part.index, err = c.index.ImageIndex(d.Digest)
		case d.MediaType.IsImage():
			part.image, err = c.index.Image(d.Digest)
		default:
			continue
		}
		if err == nil {
			err = part.intact(d.Digest)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c content) intactConfig() error {
	manifest, err := c.image.Manifest()
	if err != nil {
		return err
	}
	config, err := c.image.RawConfigFile()
	if err != nil {
		return err
	}
	return unchanged("configuration", config, manifest.Config.Digest)
}

func unchanged(part string, text []byte, want v1.Hash) error {
	if got, _, err := v1.SHA256(bytes.NewReader(text)); err != nil || got != want {
		return fmt.Errorf("its %s has the digest %s, not %s: somebody has changed it", part, got, want)
	}
	return nil
}
