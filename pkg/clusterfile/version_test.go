package clusterfile_test

import (
	"testing"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
)

// A pre-release of Kubernetes has images of its own; what a distribution appends has none.
func TestVersions(t *testing.T) {
	for text, want := range map[string]string{
		"1.36":                       "1.36",
		"v1.36.4":                    "v1.36.4",
		"1.36.4":                     "v1.36.4",
		"v1.37.0-rc.1":               "v1.37.0-rc.1",
		"v1.37.0-beta.0":             "v1.37.0-beta.0",
		"v1.37.0-alpha.3":            "v1.37.0-alpha.3",
		"v1.37.0-alpha.3.120+4f1a3c": "v1.37.0-alpha.3",
		"v1.37.0-rc.1+rke2r1":        "v1.37.0-rc.1",
		"v1.36.4+k3s1":               "v1.36.4",
		"v1.36.4-rc1+k3s1":           "v1.36.4",
		"v1.36.4-gke.100":            "v1.36.4",
		"v1.36.4-eks-abc":            "v1.36.4",
		"v1.36.4-rcx.1":              "v1.36.4",
	} {
		v, err := clusterfile.ParseVersion(text)
		if err != nil || v.String() != want {
			t.Errorf("%s: %s, error %v; want %s", text, v, err, want)
		}
	}
}
