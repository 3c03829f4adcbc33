package inventory

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// DigestOf returns the digest of one object as it stands in an Entry: sha256, cut to 64 bits, since it is compared with
// that of the same object alone.
func DigestOf(o *manifest.Object) string {
	digest, err := manifest.Digest([]*manifest.Object{o})
	if err != nil {
		return "" // what is no JSON cannot be applied either, which says so
	}
	return strings.TrimPrefix(digest, "sha256:")[:16]
}
