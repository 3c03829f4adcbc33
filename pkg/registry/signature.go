package registry

import (
	"encoding/json"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Bounds of what refers to an artifact.
const (
	maxReferrers = 100
	maxSignature = 1 << 20
)

// Attach pushes a signature of a type that refers to an artifact, which must be there (OCI Distribution, "Listing Referrers"). Registries that
// do not list referrers get the tag that takes the list's place.
func (c *Client) Attach(signature []byte, mediaType string, annotations map[string]string, to image.Reference) (string, error) {
	ref, err := c.reference(to)
	if err != nil {
		return "", err
	}
	subject, err := remote.Head(ref, c.options...)
	if err != nil {
		return "", explained("ask for "+to.String(), err)
	}
	img, err := Artifact{Layer: signature, Annotations: annotations, kind: mediaType, layer: types.MediaType(mediaType),
		subject: &v1.Descriptor{MediaType: subject.MediaType, Digest: subject.Digest, Size: subject.Size}}.image()
	if err != nil {
		return "", err
	}
	digest, err := img.Digest()
	if err != nil {
		return "", err
	}
	if err := remote.Write(ref.Context().Digest(digest.String()), img, c.options...); err != nil {
		return "", explained("attach a signature to "+to.String(), err)
	}
	return digest.String(), nil
}

// Signatures reads the signatures of a type that refer to an artifact's digest, in the order of the registry. Who may write to the repository may
// have written them.
func (c *Client) Signatures(of image.Reference, mediaType string) ([][]byte, error) {
	ref, err := c.reference(of)
	if err != nil {
		return nil, err
	}
	digest, ok := ref.(name.Digest)
	if !ok {
		return nil, fmt.Errorf("%s names no digest; signatures are of digests", of)
	}
	index, err := remote.Referrers(digest, c.options...)
	if err != nil {
		return nil, explained("ask for signatures of "+of.String(), err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		return nil, explained("ask for signatures of "+of.String(), err)
	}
	if len(list.Manifests) > maxReferrers {
		return nil, fmt.Errorf("%d artifacts refer to %s, more than %d; remove those that are none of yours", len(list.Manifests), of, maxReferrers)
	}
	var all [][]byte
	for _, d := range list.Manifests {
		text, err := c.signature(digest.Context(), d.Digest, mediaType)
		if err != nil {
			return nil, explained("read a signature of "+of.String(), err)
		}
		if text != nil {
			all = append(all, text)
		}
	}
	return all, nil
}

// signature reads what a referrer holds; nil if that is of another type.
func (c *Client) signature(repository name.Repository, digest v1.Hash, mediaType string) ([]byte, error) {
	got, err := remote.Get(repository.Digest(digest.String()), c.options...)
	if err != nil {
		return nil, err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(got.Manifest, &manifest); err != nil {
		return nil, fmt.Errorf("its manifest: %w", err)
	}
	if len(manifest.Layers) != 1 || manifest.Layers[0].MediaType != types.MediaType(mediaType) {
		return nil, nil
	}
	return c.layer(repository, manifest.Layers[0].Digest, maxSignature)
}
