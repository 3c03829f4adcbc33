package ociimage_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/internal/ociimage"
	"github.com/google/go-cmp/cmp"
)

func layer(t *testing.T, text string) []byte {
	t.Helper()
	l := ociimage.NewLayer()
	err := errors.Join(
		l.Folder("/tmp", 0o1777),
		l.File("/usr/bin/program", 0o755, []byte(text), map[string]string{"security.capability": "x"}),
		l.File("/usr/bin/other", 0o755, nil, nil),
		l.Link("/bin", "usr/bin"),
	)
	if err != nil {
		t.Fatal(err)
	}
	out, err := l.Tar()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func image(t *testing.T) []byte {
	t.Helper()
	var out bytes.Buffer
	err := ociimage.Write(&out, "example.org:5000/a/b:v1",
		ociimage.Platform{OS: "linux", Arch: "amd64", Entrypoint: []string{"/p"}, User: "1:1", Env: []string{"A=b"}, Layer: layer(t, "amd"), Compressed: true},
		ociimage.Platform{OS: "linux", Arch: "arm64", Entrypoint: []string{"/p"}, User: "1:1", Layer: layer(t, "arm")},
	)
	if err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// files reads a tar.
func files(t *testing.T, text []byte) map[string][]byte {
	t.Helper()
	all := map[string][]byte{}
	for r := tar.NewReader(bytes.NewReader(text)); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, twice := all[header.Name]; twice {
			t.Errorf("%s is there twice", header.Name)
		}
		if all[header.Name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
}

type descriptor struct {
	MediaType, Digest string
	Size              int
	Platform          struct{ OS, Architecture string }
	Annotations       map[string]string
}

// A layout is an image as its reader sees it: every blob is reached by its digest.
type layout struct {
	*testing.T
	files map[string][]byte
}

func (l layout) blob(d descriptor) []byte {
	l.Helper()
	text := l.files["blobs/"+strings.Replace(d.Digest, ":", "/", 1)]
	if got := fmt.Sprintf("sha256:%x", sha256.Sum256(text)); got != d.Digest || len(text) != d.Size {
		l.Errorf("blob %s of %d bytes is %s of %d", d.Digest, d.Size, got, len(text))
	}
	return text
}

func (l layout) read(text []byte, into any) {
	l.Helper()
	if err := json.Unmarshal(text, into); err != nil {
		l.Fatal(err)
	}
}

func TestWrite(t *testing.T) {
	l := layout{t, files(t, image(t))}
	if got := string(l.files["oci-layout"]); got != `{"imageLayoutVersion":"1.0.0"}` {
		t.Errorf("oci-layout is %s", got)
	}
	var index, platforms struct{ Manifests []descriptor }
	l.read(l.files["index.json"], &index)
	named := map[string]string{"io.containerd.image.name": "example.org:5000/a/b:v1", "org.opencontainers.image.ref.name": "v1"}
	if diff := cmp.Diff(named, index.Manifests[0].Annotations); diff != "" {
		t.Error(diff)
	}
	l.read(l.blob(index.Manifests[0]), &platforms)
	for i, arch := range []string{"amd64", "arm64"} {
		d := platforms.Manifests[i]
		if d.Platform.OS != "linux" || d.Platform.Architecture != arch {
			t.Errorf("platform %+v", d.Platform)
		}
		l.platform(d, arch)
	}
}

// platform checks the config and the layer of one platform.
func (l layout) platform(d descriptor, arch string) {
	var manifest struct {
		Config descriptor
		Layers []descriptor
	}
	l.read(l.blob(d), &manifest)
	var config struct {
		Architecture string
		Config       struct {
			Entrypoint []string
			User       string
		}
		Rootfs struct {
			DiffIDs []string `json:"diff_ids"`
		}
	}
	l.read(l.blob(manifest.Config), &config)
	if config.Architecture != arch || config.Config.User != "1:1" || !slices.Equal(config.Config.Entrypoint, []string{"/p"}) {
		l.Errorf("config %+v", config)
	}
	text := l.blob(manifest.Layers[0])
	if strings.HasSuffix(manifest.Layers[0].MediaType, "+gzip") {
		r, err := gzip.NewReader(bytes.NewReader(text))
		if err != nil {
			l.Fatal(err)
		}
		if text, err = io.ReadAll(r); err != nil {
			l.Fatal(err)
		}
	}
	if got := fmt.Sprintf("sha256:%x", sha256.Sum256(text)); got != config.Rootfs.DiffIDs[0] {
		l.Errorf("the layer is %s, the config says %s", got, config.Rootfs.DiffIDs[0])
	}
	content := files(l.T, text)
	if string(content["usr/bin/program"]) != arch[:3] {
		l.Errorf("the program is %q", content["usr/bin/program"])
	}
	for _, name := range []string{"tmp/", "usr/", "usr/bin/", "bin"} {
		if _, ok := content[name]; !ok {
			l.Errorf("the layer has no %s", name)
		}
	}
}

// The same program makes the same image, so that its digest can be compared.
func TestWriteIsRepeatable(t *testing.T) {
	if !bytes.Equal(image(t), image(t)) {
		t.Error("two images of the same input differ")
	}
}
