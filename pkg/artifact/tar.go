package artifact

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"slices"
	"strings"
)

// name is that of a file of a bundle: no absolute path, nothing that leads out, nothing hidden.
var nameOfFile = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(/[a-z0-9][a-z0-9-]*)*\.(json|yaml)$`)

// Layer writes files as a tar with gzip, without a time, an owner or a compression, so that neither the machine nor the version of a
// compressor makes a difference.
func Layer(files []File) ([]byte, error) {
	var out bytes.Buffer
	packed, err := gzip.NewWriterLevel(&out, gzip.NoCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(packed)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: 0o644, Size: int64(len(f.Content)), Format: tar.FormatUSTAR}); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	err = errors.Join(w.Close(), packed.Close())
	return out.Bytes(), err
}

// Unpack reads the files of a layer. It is bounded, and takes regular files with plain names only.
func Unpack(layer io.Reader) ([]File, error) {
	unpacked, err := gzip.NewReader(layer)
	if err != nil {
		return nil, fmt.Errorf("the layer is no tar with gzip: %w; name what fitout push has pushed", err)
	}
	r := tar.NewReader(unpacked)
	c := collector{}
	for {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return c.files, nil
		}
		if err != nil {
			return nil, fmt.Errorf("the layer: %w", err)
		}
		if h.Typeflag == tar.TypeDir {
			continue
		}
		if h.Typeflag != tar.TypeReg {
			return nil, fmt.Errorf("the layer: %.100q is no regular file: Fitout has not made it", h.Name)
		}
		if err := c.add(h.Name, r); err != nil {
			return nil, fmt.Errorf("the layer: %w", err)
		}
	}
}

// Folder reads the files of a bundle from a folder.
func Folder(root fs.FS) ([]File, error) {
	c := collector{}
	err := fs.WalkDir(root, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return nil
		case !entry.Type().IsRegular():
			return fmt.Errorf("%.100q is no regular file: Fitout has not made it", name)
		}
		f, err := root.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		return c.add(name, f)
	})
	slices.SortFunc(c.files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return c.files, err
}

// collector collects files within bounds.
type collector struct {
	files []File
	bytes int64
}

func (c *collector) add(name string, content io.Reader) error {
	if !nameOfFile.MatchString(name) {
		return fmt.Errorf("there is a file %.100q, which Fitout does not make", name)
	}
	if slices.ContainsFunc(c.files, func(f File) bool { return f.Name == name }) {
		return fmt.Errorf("%s is there twice", name)
	}
	if len(c.files) == maxFiles {
		return fmt.Errorf("there are more than %d files", maxFiles)
	}
	text, err := io.ReadAll(io.LimitReader(content, maxBytes-c.bytes+1))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if c.bytes += int64(len(text)); c.bytes > maxBytes {
		return fmt.Errorf("the files have more than %d bytes", maxBytes)
	}
	c.files = append(c.files, File{name, text})
	return nil
}
