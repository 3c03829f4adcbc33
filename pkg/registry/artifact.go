package registry

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Types of a packed bundle. The layer is the one that Flux reads without a selector, and Argo CD without configuration.
const (
	ArtifactType = "application/vnd.fitout.bundle.v1"
	layerType    = types.OCILayer
	emptyType    = "application/vnd.oci.empty.v1+json" // OCI Image Format, "Guidance for an Empty Descriptor"
)

// maxLayer bounds the layer of an artifact, in bytes.
const maxLayer = 65 << 20

// An Artifact is a layer with annotations.
type Artifact struct {
	Layer       []byte
	Annotations map[string]string

	kind    string          // ArtifactType if it is empty
	layer   types.MediaType // that of a bundle if it is empty
	subject *v1.Descriptor  // that it refers to; nil for none
}

// Digest is the digest that the artifact has in every registry.
func (a Artifact) Digest() (string, error) {
	img, err := a.image()
	if err != nil {
		return "", err
	}
	d, err := img.Digest()
	return d.String(), err
}

// image is the artifact in the form that the library pushes.
func (a Artifact) image() (v1.Image, error) {
	layer := descriptorOf(a.Layer, cmp.Or(a.layer, layerType))
	manifest, err := json.Marshal(v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1, ArtifactType: cmp.Or(a.kind, ArtifactType),
		Config: descriptorOf([]byte("{}"), emptyType), Layers: []v1.Descriptor{layer}, Annotations: a.Annotations, Subject: a.subject,
	})
	if err != nil {
		return nil, err
	}
	return partial.CompressedToImage(&packed{manifest: manifest, blobs: map[v1.Hash]blob{
		layer.Digest: {a.Layer, layer}, descriptorOf([]byte("{}"), emptyType).Digest: {[]byte("{}"), descriptorOf([]byte("{}"), emptyType)},
	}})
}

func descriptorOf(content []byte, mediaType types.MediaType) v1.Descriptor {
	digest, size, _ := v1.SHA256(bytes.NewReader(content)) // a reader of bytes has no errors
	return v1.Descriptor{MediaType: mediaType, Digest: digest, Size: size}
}

// packed is an artifact in memory.
type packed struct {
	manifest []byte
	blobs    map[v1.Hash]blob
}

func (p *packed) RawConfigFile() ([]byte, error)      { return []byte("{}"), nil }
func (p *packed) MediaType() (types.MediaType, error) { return types.OCIManifestSchema1, nil }
func (p *packed) RawManifest() ([]byte, error)        { return p.manifest, nil }
func (p *packed) LayerByDigest(h v1.Hash) (partial.CompressedLayer, error) {
	b, ok := p.blobs[h]
	if !ok {
		return nil, fmt.Errorf("there is no blob %s", h)
	}
	return b, nil
}

type blob struct {
	content    []byte
	descriptor v1.Descriptor
}

func (b blob) Digest() (v1.Hash, error)            { return b.descriptor.Digest, nil }
func (b blob) Size() (int64, error)                { return b.descriptor.Size, nil }
func (b blob) MediaType() (types.MediaType, error) { return b.descriptor.MediaType, nil }
func (b blob) Compressed() (io.ReadCloser, error) {
	return io.NopCloser(bytes.NewReader(b.content)), nil
}

// Push puts an artifact at a place, and verifies the digest that it has there.
func (c *Client) Push(a Artifact, to image.Reference) (Outcome, string, error) {
	img, err := a.image()
	if err != nil {
		return "", "", err
	}
	digest, err := img.Digest()
	if err != nil {
		return "", "", err
	}
	return c.write(content{digest: digest, image: img}, to)
}

// layer reads a layer of at most so many bytes; what it reads has the digest.
func (c *Client) layer(repository name.Repository, digest v1.Hash, limit int64) ([]byte, error) {
	layer, err := remote.Layer(repository.Digest(digest.String()), c.options...)
	if err != nil {
		return nil, err
	}
	stream, err := layer.Compressed()
	if err != nil {
		return nil, err
	}
	defer stream.Close()
	text, err := io.ReadAll(io.LimitReader(stream, limit+1)) // the stream compares the digest at its end
	if err == nil && int64(len(text)) > limit {
		err = fmt.Errorf("it has more than %d bytes", limit)
	}
	return text, err
}

// Pull reads an artifact of Fitout's type, and returns its digest with it. What is read has the digests that the manifest names, and the
// manifest that of the reference, where it has one.
func (c *Client) Pull(from image.Reference) (Artifact, string, error) {
	got, ref, err := c.get(from)
	if err != nil {
		return Artifact{}, "", err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(got.Manifest, &manifest); err != nil {
		return Artifact{}, "", fmt.Errorf("read %s: its manifest: %w", from, err)
	}
	if manifest.ArtifactType != ArtifactType || len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != layerType {
		return Artifact{}, "", fmt.Errorf("%s is no bundle of Fitout: its type is %q, with %d layers; name what fitout push has pushed", from, printable.Cut(manifest.ArtifactType, mostShown), len(manifest.Layers))
	}
	if manifest.Layers[0].Size > maxLayer {
		return Artifact{}, "", fmt.Errorf("read %s: its layer has %d bytes, more than %d", from, manifest.Layers[0].Size, maxLayer)
	}
	text, err := c.layer(ref.Context(), manifest.Layers[0].Digest, maxLayer)
	if err != nil {
		return Artifact{}, "", explained("read the layer of "+from.String(), err)
	}
	return Artifact{Layer: text, Annotations: manifest.Annotations}, got.Digest.String(), nil
}
