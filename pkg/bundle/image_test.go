package bundle

import "testing"

func TestMirrored(t *testing.T) {
	for reference, want := range map[string]string{
		"registry.k8s.io/coredns/coredns:v1.14.2@sha256:e7": "r.example:5000/m/coredns/coredns:v1.14.2@sha256:e7",
		"docker.io/traefik:v3.7.11":                         "r.example:5000/m/library/traefik:v3.7.11",
		"traefik:v3.7.11":                                   "r.example:5000/m/library/traefik:v3.7.11",
		"docker.io/scaleway/scaleway-csi:v0.3.6":            "r.example:5000/m/scaleway/scaleway-csi:v0.3.6",
		"scaleway/scaleway-csi:v0.3.6":                      "r.example:5000/m/scaleway/scaleway-csi:v0.3.6",
		"localhost:5000/a:b":                                "r.example:5000/m/a:b",
		"localhost/a:b":                                     "r.example:5000/m/a:b",
	} {
		if got := mirrored(reference, "r.example:5000/m"); got != want {
			t.Errorf("%s: %s, want %s", reference, got, want)
		}
		if got := mirrored(reference, ""); got != reference {
			t.Errorf("%s without a mirror: %s", reference, got)
		}
	}
}
