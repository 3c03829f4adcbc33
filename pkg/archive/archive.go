// Package archive unpacks archives that somebody else wrote, in memory and within bounds: tar, as it is or compressed with gzip.
// Nothing of them is ever written to a disk.
package archive

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// Limits bound an archive and what it unpacks to.
type Limits struct {
	Packed, Bytes, FileBytes int64 // of the archive, of all files, of one file
	Files, Depth             int   // number of files; folders below each other
}

// Catalogue are the bounds of a catalogue, and of a chart in one. The largest embedded addon has 30 files and 500 KiB.
var Catalogue = Limits{Packed: 16 << 20, Bytes: 32 << 20, FileBytes: 1 << 20, Files: 2000, Depth: 10}

// Unpack returns the files of an archive. The error says what in it is refused, and what to do about it.
func Unpack(data []byte, limits Limits) (fs.FS, error) {
	if int64(len(data)) > limits.Packed {
		return nil, fmt.Errorf("has %d KiB, more than %d; keep only what is needed in it", len(data)>>10, limits.Packed>>10)
	}
	stream, err := inflated(data)
	if err != nil {
		return nil, err
	}
	u := unpacker{limits: limits, names: map[string]string{}}
	u.zip = zip.NewWriter(&u.out)
	// What is read beyond the files themselves are headers and padding, of which every file has a few KiB at the most.
	all := tar.NewReader(&capped{r: stream, left: limits.Bytes + int64(limits.Files)*8<<10})
	for {
		header, err := all.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, broken(err)
		}
		if err := u.entry(header, all); err != nil {
			return nil, fmt.Errorf("%s %w", quoted(header.Name), err)
		}
	}
	if u.files == 0 {
		return nil, errors.New("has no file in it; pack the folder again")
	}
	return u.open()
}

// quoted is a name for messages.
func quoted(name string) string { return fmt.Sprintf("%q", printable.Cut(name, 100)) }

// inflated is the tar of an archive.
func inflated(data []byte) (io.Reader, error) {
	if !bytes.HasPrefix(data, []byte{0x1f, 0x8b}) {
		return bytes.NewReader(data), nil
	}
	r, err := gzip.NewReader(bufio.NewReader(bytes.NewReader(data)))
	if err != nil {
		return nil, broken(err)
	}
	return r, nil
}

var errBomb = errors.New("unpacks to more than it may")

func broken(err error) error {
	if errors.Is(err, errBomb) {
		return fmt.Errorf("%w; keep only what is needed in it", errBomb)
	}
	return fmt.Errorf("is no archive of tar, or a damaged one: %w; pack it again with tar -czf", err)
}

// capped is a reader that gives so many bytes, and an error in place of more.
type capped struct {
	r    io.Reader
	left int64
}

func (c *capped) Read(p []byte) (int, error) {
	if c.left <= 0 {
		return 0, errBomb
	}
	n, err := c.r.Read(p[:min(int64(len(p)), c.left)])
	c.left -= int64(n)
	return n, err
}

// unpacker keeps the files of an archive as a zip in memory: the standard library reads that as a file system.
type unpacker struct {
	limits Limits
	out    bytes.Buffer
	zip    *zip.Writer
	names  map[string]string // of files and folders as they are written, by their lower-case form
	files  int
	bytes  int64
}

// entry takes one entry of the archive. The error is a clause about it.
func (u *unpacker) entry(h *tar.Header, from io.Reader) error {
	if h.Typeflag == tar.TypeXGlobalHeader {
		return nil // a comment, as git archive writes it
	}
	name, err := cleaned(h.Name, u.limits.Depth)
	if err != nil {
		return err
	}
	switch h.Typeflag {
	case tar.TypeDir:
		return nil // folders are where files are
	case tar.TypeReg:
	case tar.TypeSymlink, tar.TypeLink:
		return errors.New("is a link; copy the file that it leads to in its place")
	default:
		return errors.New("is neither a file nor a folder; remove it")
	}
	if h.Size > u.limits.FileBytes {
		return fmt.Errorf("has %d KiB, more than %d; split it, or remove it", h.Size>>10, u.limits.FileBytes>>10)
	}
	if u.files++; u.files > u.limits.Files {
		return fmt.Errorf("brings the archive to more than %d files; keep only what is needed in it", u.limits.Files)
	}
	if u.bytes += h.Size; u.bytes > u.limits.Bytes {
		return fmt.Errorf("brings the archive to more than %d MiB; keep only what is needed in it", u.limits.Bytes>>20)
	}
	if err := u.claim(name); err != nil {
		return err
	}
	into, err := u.zip.CreateHeader(&zip.FileHeader{Name: name, Method: zip.Store})
	if err != nil {
		return err
	}
	if _, err := io.Copy(into, from); err != nil {
		return broken(err)
	}
	return nil
}

// cleaned is the name of an entry as a path of a file system.
func cleaned(name string, depth int) (string, error) {
	trimmed := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	switch {
	case trimmed == "" || trimmed == ".":
		return ".", nil
	case path.IsAbs(name):
		return "", errors.New("is an absolute path; pack the folder with relative ones")
	case strings.ContainsAny(name, "\\:\x00"):
		return "", errors.New("has a backslash, a colon or a null in its name, which not every machine can have; rename it")
	case printable.Line(name) != name:
		return "", errors.New("has characters in its name that cannot be printed; rename it")
	case !fs.ValidPath(trimmed):
		return "", errors.New("leaves the archive, or has empty parts; pack the folder from inside it")
	case strings.Count(trimmed, "/") >= depth:
		return "", fmt.Errorf("is more than %d folders deep; pack it less deep", depth)
	}
	return trimmed, nil
}

// claim takes a name, and those of the folders above it. On some machines names that differ in their case are one file.
func (u *unpacker) claim(name string) error {
	if _, taken := u.names[strings.ToLower(name)]; taken {
		return fmt.Errorf("is in it twice, or with %s, which differs in case only; keep one of them", quoted(u.names[strings.ToLower(name)]))
	}
	u.names[strings.ToLower(name)] = name
	for at := path.Dir(name); at != "."; at = path.Dir(at) {
		folder := at + "/"
		if other, taken := u.names[strings.ToLower(folder)]; taken && other != folder {
			return fmt.Errorf("is in a folder that differs from %s in case only; rename one of them", quoted(other))
		}
		u.names[strings.ToLower(folder)] = folder
		if other, taken := u.names[strings.ToLower(at)]; taken {
			return fmt.Errorf("is below %s, which is a file; rename one of them", quoted(other))
		}
	}
	if _, taken := u.names[strings.ToLower(name)+"/"]; taken {
		return errors.New("is a file and a folder; rename one of them")
	}
	return nil
}

func (u *unpacker) open() (fs.FS, error) {
	if err := u.zip.Close(); err != nil {
		return nil, err
	}
	return zip.NewReader(bytes.NewReader(u.out.Bytes()), int64(u.out.Len()))
}

// Inside returns the one folder that holds all files, as archives of charts have it; files itself if there are several.
func Inside(files fs.FS) (fs.FS, error) {
	entries, err := fs.ReadDir(files, ".")
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		return files, err
	}
	return fs.Sub(files, entries[0].Name())
}
