// Package registry talks to registries of container images and OCI artifacts. It is the only one that does.
package registry

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// Options say how registries are asked.
type Options struct {
	UserAgent string
	PlainHTTP []string       // hosts, with their ports, that are asked without TLS; those of this machine are besides
	Pause     time.Duration  // before a request is tried again, thrice as long each time; 0 for a second
	Keychain  authn.Keychain // nil for the credentials of docker, podman and their helpers
}

// A Client asks registries.
type Client struct {
	options   []remote.Option
	plainHTTP []string
}

// New returns a client. Everything that it asks ends with the context.
func New(ctx context.Context, o Options) *Client {
	if o.Keychain == nil {
		o.Keychain = authn.DefaultKeychain
	}
	return &Client{plainHTTP: o.PlainHTTP, options: []remote.Option{
		remote.WithContext(ctx), remote.WithAuthFromKeychain(o.Keychain), remote.WithUserAgent(o.UserAgent),
		remote.WithTransport(encrypted{base: baseTransport(), except: o.PlainHTTP}),
		remote.WithRetryBackoff(remote.Backoff{Duration: cmp.Or(o.Pause, time.Second), Factor: 3, Jitter: 0.1, Steps: 4}),
	}}
}

// baseTransport bounds how long a registry may take to begin an answer.
func baseTransport() http.RoundTripper {
	t := remote.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = time.Minute
	t.MaxResponseHeaderBytes = 1 << 20
	return t
}

// encrypted refuses to send a request, and the credentials in it, without TLS to another machine.
type encrypted struct {
	base   http.RoundTripper
	except []string
}

func (e encrypted) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme == "http" && !local(r.URL.Hostname()) && !slices.Contains(e.except, r.URL.Host) {
		return nil, &plainHTTPError{r.URL.Host}
	}
	return e.base.RoundTrip(r)
}

type plainHTTPError struct{ host string }

func (e *plainHTTPError) Error() string {
	return fmt.Sprintf("%s is not asked without TLS; if it has none, say so with --plain-http %s", e.host, e.host)
}

func local(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// reference is a reference as the library wants it.
func (c *Client) reference(r image.Reference) (name.Reference, error) {
	var options []name.Option
	if slices.Contains(c.plainHTTP, r.Registry) {
		options = append(options, name.Insecure)
	}
	return name.ParseReference(r.Name(), options...)
}

// get asks a registry for what a reference names.
func (c *Client) get(r image.Reference) (*remote.Descriptor, name.Reference, error) {
	ref, err := c.reference(r)
	if err != nil {
		return nil, nil, err
	}
	got, err := remote.Get(ref, c.options...)
	if err != nil {
		return nil, nil, explained("read "+r.String(), err)
	}
	return got, ref, nil
}

// A Resolved is what a registry says of an image.
type Resolved struct {
	Digest    string
	Platforms []string // linux/amd64, in order; of an image that is no index, its own
}

// Resolve asks an image's registry for its digest and its platforms.
func (c *Client) Resolve(r image.Reference) (Resolved, error) {
	got, _, err := c.get(r)
	if err != nil {
		return Resolved{}, err
	}
	platforms, err := platformsOf(got)
	if err != nil {
		return Resolved{}, explained("read the platforms of "+r.String(), err)
	}
	return Resolved{Digest: got.Digest.String(), Platforms: platforms}, nil
}

func platformsOf(d *remote.Descriptor) ([]string, error) {
	var all []string
	add := func(p *v1.Platform) {
		if p == nil || p.OS == "" || p.OS == "unknown" { // attestations have no platform
			return
		}
		text := p.OS + "/" + p.Architecture
		if p.Variant != "" {
			text += "/" + p.Variant
		}
		if !slices.Contains(all, text) {
			all = append(all, text)
		}
	}
	if d.MediaType.IsIndex() {
		index, err := d.ImageIndex()
		if err != nil {
			return nil, err
		}
		manifest, err := index.IndexManifest()
		if err != nil {
			return nil, err
		}
		for _, m := range manifest.Manifests {
			add(m.Platform)
		}
	} else {
		img, err := d.Image()
		if err != nil {
			return nil, err
		}
		config, err := img.ConfigFile()
		if err != nil {
			return nil, err
		}
		add(config.Platform())
	}
	slices.Sort(all)
	return all, nil
}

// explained says what a registry was asked for, and what to do where the answer is of a known kind.
func explained(action string, err error) error {
	var plain *plainHTTPError
	if errors.As(err, &plain) {
		return fmt.Errorf("%s: %w", action, plain)
	}
	var answer *transport.Error
	if errors.As(err, &answer) {
		switch answer.StatusCode {
		case http.StatusUnauthorized, http.StatusForbidden:
			return fmt.Errorf("%s: %w; log in with docker login, crane auth login or podman login, or check the name", action, err)
		case http.StatusNotFound:
			return fmt.Errorf("%s: %w; check the name and the tag", action, err)
		case http.StatusTooManyRequests:
			return fmt.Errorf("%s: %w; the registry limits requests: log in, or run the command again later, which goes on where it stopped", action, err)
		}
	}
	if strings.Contains(err.Error(), "no such host") {
		return fmt.Errorf("%s: %w; check the name of the registry, and this machine's network", action, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}
