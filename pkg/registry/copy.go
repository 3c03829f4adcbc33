package registry

import (
	"fmt"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// An Outcome is what became of an image that was to be copied.
type Outcome string

// Outcomes of a copy.
const (
	Copied  Outcome = "copied"
	Present Outcome = "present" // it was there before
)

// Copy copies an image, with all its platforms and its digest, to another place, and asks that for it afterwards. What a copy that was
// broken off has brought there is not copied again.
func (c *Client) Copy(from, to image.Reference) (Outcome, string, error) {
	what, err := c.content(from)
	if err != nil {
		return "", "", err
	}
	return c.write(what, to)
}

// content reads an index or an image from its registry.
func (c *Client) content(from image.Reference) (content, error) {
	got, _, err := c.get(from)
	if err != nil {
		return content{}, err
	}
	what, err := contentOf(got)
	if err != nil {
		return content{}, explained("read "+from.String(), err)
	}
	return what, nil
}

// mostShown bounds what an error quotes of a registry's answer, in bytes.
const mostShown = 100

// content is an index or an image, wherever it comes from.
type content struct {
	digest v1.Hash
	index  v1.ImageIndex // or
	image  v1.Image
}

func contentOf(d *remote.Descriptor) (content, error) {
	var err error
	out := content{digest: d.Digest}
	switch {
	case d.MediaType.IsIndex():
		out.index, err = d.ImageIndex()
	case d.MediaType.IsImage():
		out.image, err = d.Image()
	default:
		err = fmt.Errorf("its media type is %q, which is neither an index nor an image of the OCI or of Docker's schema 2", printable.Cut(string(d.MediaType), mostShown))
	}
	return out, err
}

// write puts an image at a place under its tag, or its digest where it has no tag, and verifies the digest that it has there.
func (c *Client) write(what content, to image.Reference) (Outcome, string, error) {
	digest := what.digest.String()
	if to.Digest != "" && to.Digest != digest {
		return "", "", fmt.Errorf("%s: what was read has the digest %s; its origin has changed, or somebody has tampered with it", to, digest)
	}
	byTag := to
	byTag.Digest = ""
	if to.Tag == "" {
		byTag.Digest = digest
	}
	target, err := c.reference(byTag)
	if err != nil {
		return "", "", err
	}
	if there, err := remote.Head(target, c.options...); err == nil && there.Digest == what.digest {
		return Present, digest, nil
	}
	if what.index != nil {
		err = remote.WriteIndex(target, what.index, c.options...)
	} else {
		err = remote.Write(target, what.image, c.options...)
	}
	if err != nil {
		return "", "", explained("write "+to.String(), err)
	}
	return Copied, digest, c.verify(target, what.digest, to)
}

// verify asks a place for what was just written to it.
func (c *Client) verify(target name.Reference, want v1.Hash, to image.Reference) error {
	for _, ref := range []name.Reference{target, target.Context().Digest(want.String())} {
		there, err := remote.Head(ref, c.options...)
		if err != nil {
			return explained("verify "+to.String(), err)
		}
		if there.Digest != want {
			return fmt.Errorf("verify %s: the registry has %s there after %s was written; somebody else writes to it, or it changes what it stores", to, there.Digest, want)
		}
	}
	return nil
}
