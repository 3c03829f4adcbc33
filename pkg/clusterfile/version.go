package clusterfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Version is a Kubernetes version, without a distribution's suffix. Patch is -1 if only the minor was given.
type Version struct {
	Major, MinorNumber, Patch int
	PreRelease                string // rc.1, beta.0, alpha.3; empty for a release
}

var (
	versionPattern = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4})([-+][0-9A-Za-z.+-]{1,60})?)?$`)
	// preReleasePattern is Kubernetes' own form. What distributions append has another one (-gke.100, -eks-abc, -rc1+k3s1), and a
	// build between two pre-releases (-alpha.1.123+abc) has the images of the first.
	preReleasePattern = regexp.MustCompile(`^-((?:alpha|beta|rc)\.\d{1,4})(?:[.+-]|$)`)
)

// ParseVersion reads v1.36.4, 1.36.4, 1.36, a pre-release (v1.37.0-rc.1), or a distribution's v1.36.4+k3s1.
func ParseVersion(s string) (Version, error) {
	m := versionPattern.FindStringSubmatch(s)
	if m == nil {
		return Version{}, fmt.Errorf("%q is not a Kubernetes version like v1.36.4 or 1.36", s)
	}
	v := Version{Patch: -1}
	v.Major, _ = strconv.Atoi(m[1]) // the pattern admits digits only
	v.MinorNumber, _ = strconv.Atoi(m[2])
	if m[3] != "" {
		v.Patch, _ = strconv.Atoi(m[3])
	}
	if pre := preReleasePattern.FindStringSubmatch(m[4]); pre != nil {
		v.PreRelease = pre[1]
	}
	return v, nil
}

// Minor returns "1.36".
func (v Version) Minor() string { return fmt.Sprintf("%d.%d", v.Major, v.MinorNumber) }

// String returns "v1.36.4", "v1.37.0-rc.1", or "1.36" if there is no patch.
func (v Version) String() string {
	if v.Patch < 0 {
		return v.Minor()
	}
	text := fmt.Sprintf("v%s.%d", v.Minor(), v.Patch)
	if v.PreRelease != "" {
		text += "-" + v.PreRelease
	}
	return text
}

// CompareMinors orders "1.9" before "1.36". Text that is no minor comes first.
func CompareMinors(a, b string) int { return minorNumber(a) - minorNumber(b) }

func minorNumber(minor string) int {
	v, err := ParseVersion(strings.TrimSpace(minor))
	if err != nil {
		return -1
	}
	return v.Major*10_000 + v.MinorNumber
}
