// Package ociimage writes container images without a container engine: a tar with an OCI image layout, which
// `ctr images import`, `docker load`, podman and skopeo take. The same input gives the same bytes.
package ociimage

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"strings"
)

// A Platform is the image of one platform.
type Platform struct {
	OS, Arch   string
	Env        []string
	Entrypoint []string
	User       string
	Layer      []byte // a tar
	Compressed bool   // whether the layer is written with gzip: smaller, and slower to make
}

// Media types of the OCI image specification 1.0.
const (
	typeIndex    = "application/vnd.oci.image.index.v1+json"
	typeManifest = "application/vnd.oci.image.manifest.v1+json"
	typeConfig   = "application/vnd.oci.image.config.v1+json"
	typeLayer    = "application/vnd.oci.image.layer.v1.tar"
)

// A descriptor points to a blob.
type descriptor struct {
	MediaType   string            `json:"mediaType"`
	Digest      string            `json:"digest"`
	Size        int               `json:"size"`
	Platform    map[string]string `json:"platform,omitempty"`
	Annotations map[string]string `json:"annotations,omitempty"`
}

// Write writes an image under a name: a whole reference, such as docker.io/fitout/fitout:v1.0.0.
func Write(w io.Writer, name string, platforms ...Platform) error {
	a := &archive{out: tar.NewWriter(w), has: map[string]bool{}}
	var manifests []descriptor
	for _, p := range platforms {
		manifest, err := a.platform(p)
		if err != nil {
			return fmt.Errorf("image %s for %s/%s: %w", name, p.OS, p.Arch, err)
		}
		manifests = append(manifests, manifest)
	}
	image, err := a.json(typeIndex, map[string]any{"schemaVersion": 2, "mediaType": typeIndex, "manifests": manifests})
	if err != nil {
		return err
	}
	image.Annotations = map[string]string{
		"io.containerd.image.name":          name,                                  // containerd
		"org.opencontainers.image.ref.name": name[strings.LastIndex(name, ":")+1:], // the specification: only the tag
	}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "mediaType": typeIndex, "manifests": []descriptor{image}})
	if err != nil {
		return err
	}
	if err := a.file("index.json", index); err != nil {
		return err
	}
	if err := a.file("oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)); err != nil {
		return err
	}
	return a.out.Close()
}

// An archive is a layout that is being written.
type archive struct {
	out *tar.Writer
	has map[string]bool // blobs by digest: platforms may share some
}

// platform writes the blobs of one platform and returns its manifest.
func (a *archive) platform(p Platform) (descriptor, error) {
	layer, mediaType := p.Layer, typeLayer
	if p.Compressed {
		var err error
		if layer, err = compress(p.Layer); err != nil {
			return descriptor{}, err
		}
		mediaType += "+gzip"
	}
	stored, err := a.blob(mediaType, layer)
	if err != nil {
		return descriptor{}, err
	}
	config, err := a.json(typeConfig, map[string]any{
		"architecture": p.Arch, "os": p.OS,
		"config": map[string]any{"Env": p.Env, "Entrypoint": p.Entrypoint, "User": p.User},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(p.Layer)}},
	})
	if err != nil {
		return descriptor{}, err
	}
	manifest, err := a.json(typeManifest, map[string]any{
		"schemaVersion": 2, "mediaType": typeManifest, "config": config, "layers": []descriptor{stored},
	})
	manifest.Platform = map[string]string{"os": p.OS, "architecture": p.Arch}
	return manifest, err
}

func (a *archive) json(mediaType string, value any) (descriptor, error) {
	text, err := json.Marshal(value)
	if err != nil {
		return descriptor{}, err
	}
	return a.blob(mediaType, text)
}

func (a *archive) blob(mediaType string, content []byte) (descriptor, error) {
	d := descriptor{MediaType: mediaType, Digest: digest(content), Size: len(content)}
	if a.has[d.Digest] {
		return d, nil
	}
	a.has[d.Digest] = true
	return d, a.file("blobs/"+strings.Replace(d.Digest, ":", "/", 1), content)
}

func (a *archive) file(name string, content []byte) error {
	return add(a.out, &tar.Header{Name: name, Mode: 0o644}, content)
}

func compress(layer []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(layer); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A Layer is the tar of a layer that is being made. Folders above what is added come with it.
type Layer struct {
	buffer bytes.Buffer
	out    *tar.Writer
	made   map[string]bool
}

// NewLayer begins a layer.
func NewLayer() *Layer {
	l := &Layer{made: map[string]bool{}}
	l.out = tar.NewWriter(&l.buffer)
	return l
}

// File adds a file. attributes are extended attributes, such as security.capability.
func (l *Layer) File(name string, mode int64, content []byte, attributes map[string]string) error {
	header := &tar.Header{Name: name[1:], Mode: mode}
	if len(attributes) > 0 {
		header.PAXRecords = map[string]string{}
		for key, value := range attributes {
			header.PAXRecords["SCHILY.xattr."+key] = value
		}
	}
	return l.under(name, header, content)
}

// Link adds a symbolic link.
func (l *Layer) Link(name, target string) error {
	return l.under(name, &tar.Header{Typeflag: tar.TypeSymlink, Name: name[1:], Linkname: target, Mode: 0o777}, nil)
}

// Folder adds a folder, unless it is there.
func (l *Layer) Folder(name string, mode int64) error {
	if name == "/" || l.made[name] {
		return nil
	}
	l.made[name] = true
	return l.under(name, &tar.Header{Typeflag: tar.TypeDir, Name: name[1:] + "/", Mode: mode}, nil)
}

func (l *Layer) under(name string, header *tar.Header, content []byte) error {
	if err := l.Folder(path.Dir(name), 0o755); err != nil {
		return err
	}
	return add(l.out, header, content)
}

// Tar ends the layer and returns it.
func (l *Layer) Tar() ([]byte, error) {
	err := l.out.Close()
	return l.buffer.Bytes(), err
}

func add(out *tar.Writer, header *tar.Header, content []byte) error {
	header.Size = int64(len(content))
	if err := out.WriteHeader(header); err != nil {
		return err
	}
	_, err := out.Write(content)
	return err
}
