package registry

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fitout-dev/fitout/pkg/image"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// fetchWithin is how long fetching one archive may take.
const fetchWithin = 5 * time.Minute

// Archive reads the one layer of an artifact, whoever has pushed it: an archive of at most limit bytes. digest is that of the
// artifact. Both are compared with what names them.
func (c *Client) Archive(from image.Reference, limit int64) (data []byte, digest string, err error) {
	got, ref, err := c.get(from)
	if err != nil {
		return nil, "", err
	}
	var manifest v1.Manifest
	if err := json.Unmarshal(got.Manifest, &manifest); err != nil {
		return nil, "", fmt.Errorf("read %s: its manifest: %w", from, err)
	}
	if len(manifest.Layers) != 1 {
		return nil, "", fmt.Errorf("%s has %d layers, and a catalogue is one archive; push the folder with oras push or flux push artifact", from, len(manifest.Layers))
	}
	if size := manifest.Layers[0].Size; size > limit {
		return nil, "", fmt.Errorf("read %s: its layer has %d KiB, more than %d", from, size>>10, limit>>10)
	}
	if data, err = c.layer(ref.Context(), manifest.Layers[0].Digest, limit); err != nil {
		return nil, "", explained("read the layer of "+from.String(), err)
	}
	return data, got.Digest.String(), nil
}

// Tags returns the tags of an image's repository.
func (c *Client) Tags(of image.Reference) ([]string, error) {
	ref, err := c.reference(of)
	if err != nil {
		return nil, err
	}
	tags, err := remote.List(ref.Context(), c.options...)
	if err != nil {
		return nil, explained("list the tags of "+of.Repository(), err)
	}
	return tags, nil
}

// Download reads an archive of at most limit bytes from a URL, without any credentials. It follows redirects to https alone.
func Download(ctx context.Context, url, userAgent string, limit int64) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, fetchWithin)
	defer cancel()
	client := http.Client{Transport: encrypted{base: baseTransport()}, CheckRedirect: func(_ *http.Request, via []*http.Request) error {
		if len(via) >= 5 {
			return errors.New("leads from one address to the next more than 5 times")
		}
		return nil
	}}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("User-Agent", userAgent)
	answer, err := client.Do(request)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w; check the address, and this machine's network", url, err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("fetch %s: the server answers %d; check the address", url, answer.StatusCode)
	}
	data, err := io.ReadAll(io.LimitReader(answer.Body, limit+1))
	if err == nil && int64(len(data)) > limit {
		err = fmt.Errorf("has more than %d KiB; pack only addons and bundles", limit>>10)
	}
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", url, err)
	}
	return data, nil
}
