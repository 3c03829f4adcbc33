package clusterfile

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Version is a Kubernetes version, without a distribution's suffix. Patch is -1 where only the minor was given.
type Version struct {
	Major, MinorNumber, Patch int
}

var versionPattern = regexp.MustCompile(`^v?(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4})(?:[-+][0-9A-Za-z.+-]{1,60})?)?$`)

// ParseVersion reads v1.36.4, 1.36.4, 1.36, or a distribution's v1.36.4+k3s1.
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
	return v, nil
}

// Minor returns "1.36".
func (v Version) Minor() string { return fmt.Sprintf("%d.%d", v.Major, v.MinorNumber) }

// String returns "v1.36.4", or "1.36" where there is no patch.
func (v Version) String() string {
	if v.Patch < 0 {
		return v.Minor()
	}
	return fmt.Sprintf("v%s.%d", v.Minor(), v.Patch)
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
