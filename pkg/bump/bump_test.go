package bump_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/bump"
	"github.com/fitout-dev/fitout/pkg/image"
)

const text = `apiVersion: fitout.dev/v1alpha1
kind: Bundle
kubernetes: "1.36"
addons:
  # Our DNS: see the note.
  dns:
    chart: "1"
    version: 1.14.2   # the newest
    images:
      dns: registry.example.org/dns:v1.14.2@sha256:0000000000000000000000000000000000000000000000000000000000000000
      side: registry.example.org/side:v9.9.9
    values: |
      a: v1.14.2
  web: {chart: "1", version: 1.14.2, images: {web: "registry.example.org/web:2"}}
`

func digest(image.Reference) (string, error) { return "sha256:" + strings.Repeat("1", 64), nil }

func TestBundle(t *testing.T) {
	got, edit, err := bump.Bundle("f", []byte(text), "dns", "1.14.7", false, digest)
	if err != nil || edit == nil {
		t.Fatal(edit, err)
	}
	want := strings.Replace(strings.Replace(text, "version: 1.14.2   #", "version: 1.14.7   #", 1), "dns:v1.14.2@sha256:"+strings.Repeat("0", 64), "dns:v1.14.7@sha256:"+strings.Repeat("1", 64), 1)
	if string(got) != want {
		t.Error(string(got))
	}
	if edit.Minor != "1.36" || edit.From != "1.14.2" || len(edit.Images) != 1 || edit.Images[0].Name != "dns" {
		t.Errorf("%+v", edit)
	}
}

func TestBundleLeaves(t *testing.T) {
	for _, test := range []struct {
		addon, to string
		any       bool
	}{{"dns", "1.14.1", true}, {"dns", "1.14.2", true}, {"dns", "1.15.0", false}, {"none", "1.15.0", true}} {
		if got, edit, err := bump.Bundle("f", []byte(text), test.addon, test.to, test.any, digest); err != nil || edit != nil || string(got) != text {
			t.Errorf("%+v: %+v %v", test, edit, err)
		}
	}
	if _, edit, err := bump.Bundle("f", []byte(text), "dns", "1.15.0", true, digest); err != nil || edit == nil {
		t.Errorf("another line: %+v %v", edit, err)
	}
}

func TestBundleFaults(t *testing.T) {
	none := func(image.Reference) (string, error) { return "", errors.New("not there") }
	for want, run := range map[string]func() error{
		"f: addons.dns.images.dns: not there":                               func() error { _, _, err := bump.Bundle("f", []byte(text), "dns", "1.14.7", false, none); return err },
		"f: no image of web has 1.14.2 in its tag; edit the bundle by hand": func() error { _, _, err := bump.Bundle("f", []byte(text), "web", "1.14.7", false, digest); return err },
		"f:1: a is not a field of this format": func() error {
			_, _, err := bump.Bundle("f", []byte("a: b"), "web", "1.14.7", false, digest)
			return err
		},
		`"1.14" is no exact version; give one such as 1.14.7`:    func() error { return bump.Verify("1.14") },
		`"v1.14.7" is no exact version; give one such as 1.14.7`: func() error { return bump.Verify("v1.14.7") },
	} {
		if err := run(); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("got  %v\nwant %s", err, want)
		}
	}
	if err := bump.Verify("1.14.7"); err != nil {
		t.Error(err)
	}
}

func TestNewer(t *testing.T) {
	tags := []string{"v1.14.2", "v1.14.10", "v1.14.9", "v1.15.0", "v1.16.0-rc.1", "1.14.11", "v1.14.12-debian", "latest", "v2"}
	for tag, want := range map[string]string{"v1.14.2": "v1.14.10 v1.15.0", "v1.14.10": " v1.15.0", "v1.15.0": " ", "latest": " ", "v1": " "} {
		if patch, newest := bump.Newer(tag, tags); patch+" "+newest != want {
			t.Errorf("%s: %s %s, want %s", tag, patch, newest, want)
		}
	}
}
