// Package catalogue knows where catalogues of one's own come from, and the lock that holds each of them to what it was. It asks
// no network: what was fetched is kept by its digest.
package catalogue

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/fitout-dev/fitout/pkg/image"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A Source is where a catalogue comes from: a folder, an artifact of a registry, or an archive of a server.
type Source struct {
	Text   string // as it was written
	Folder string // or
	OCI    image.Reference
	URL    string // of an archive, without the digest
	Digest string // that the text names: of the artifact, or of the archive
}

// Remote reports whether the catalogue is fetched, and therefore locked.
func (s Source) Remote() bool { return s.Folder == "" }

const ociPrefix = "oci://"

// digestPattern is that of the digests that are known.
var digestPattern = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

// ParseSource reads a source: a folder, oci://REGISTRY/PATH:TAG or @sha256:..., or https://HOST/FILE.tgz with #sha256=... if it
// is known.
func ParseSource(text string) (Source, error) {
	s := Source{Text: text}
	said := fmt.Sprintf("%q", printable.Cut(text, 200))
	if rest, ok := strings.CutPrefix(text, ociPrefix); ok {
		r, err := image.Parse(rest)
		if err != nil {
			return s, err
		}
		if !strings.Contains(strings.TrimPrefix(rest, r.Registry), ":") {
			return s, fmt.Errorf("%s names neither a tag nor a digest; add one, such as :v1", said)
		}
		s.OCI, s.Digest = r, r.Digest
		return s, nil
	}
	if !strings.Contains(text, "://") {
		s.Folder = text
		if text == "" {
			return s, errors.New("is empty; name a folder, oci://REGISTRY/PATH:TAG, or https://HOST/FILE.tgz")
		}
		return s, nil
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return s, fmt.Errorf("%s is no URL; write https://HOST/FILE.tgz", said)
	case u.Scheme != "https" && u.Scheme != "http":
		return s, fmt.Errorf("%s is neither a folder nor of oci:// or https://; use one of these", said)
	case u.User != nil:
		return s, fmt.Errorf("%s holds credentials; take them out: catalogues are fetched by https without any, or from a registry", said)
	}
	if u.Fragment != "" {
		s.Digest = strings.Replace(u.Fragment, "sha256=", "sha256:", 1)
		if !digestPattern.MatchString(s.Digest) {
			return s, fmt.Errorf("%s ends with no digest; write #sha256= and 64 hexadecimal digits", said)
		}
	}
	u.Fragment = ""
	s.URL = u.String()
	return s, nil
}
