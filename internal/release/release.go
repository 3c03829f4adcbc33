// Package release makes the files of a release from built programs: an archive for each platform, checksums, and what Homebrew, krew and Linux
// packages want to know. The same programs give the same bytes.
package release

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
	"text/template"
	"time"

	_ "embed"
)

// A Program is the program of one platform.
type Program struct {
	OS, Arch string
	Content  []byte
}

// A File is a file of an archive or of the release.
type File struct {
	Name    string
	Content []byte
	Mode    int64
}

// versionPattern is that of a release: v1.2.3 or v1.2.3-rc.1.
var versionPattern = regexp.MustCompile(`^v[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$`)

// Make returns the files of a release: archives of the programs with more files in each, the checksums of all, and the manifests of package managers.
func Make(version string, programs []Program, more []File) ([]File, error) {
	if !versionPattern.MatchString(version) {
		return nil, fmt.Errorf("the version is %q; give one such as v1.2.3", version)
	}
	var all []File
	sums := map[string]string{}
	for _, p := range programs {
		f, err := p.archive(version, more)
		if err != nil {
			return nil, fmt.Errorf("%s/%s: %w", p.OS, p.Arch, err)
		}
		sums[p.OS+"_"+p.Arch] = sum(f.Content)
		all = append(all, f)
	}
	for name, text := range map[string]string{"fitout.rb": formula, "krew.yaml": krew} {
		content, err := filled(name, text, version, sums)
		if err != nil {
			return nil, err
		}
		all = append(all, File{Name: name, Content: content, Mode: 0o644})
	}
	slices.SortFunc(all, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return all, nil
}

// Checksums is a file in the form of sha256sum.
func Checksums(files []File) File {
	var text strings.Builder
	for _, f := range files {
		fmt.Fprintf(&text, "%s  %s\n", sum(f.Content), f.Name)
	}
	return File{Name: "checksums.txt", Content: []byte(text.String()), Mode: 0o644}
}

func sum(content []byte) string {
	s := sha256.Sum256(content)
	return hex.EncodeToString(s[:])
}

// epoch is the time of every file: a release has none of its own.
var epoch = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)

// archive is the program with more files: a zip for Windows, else a tar with gzip.
func (p Program) archive(version string, more []File) (File, error) {
	program := File{Name: "fitout", Content: p.Content, Mode: 0o755}
	name := fmt.Sprintf("fitout_%s_%s_%s", strings.TrimPrefix(version, "v"), p.OS, p.Arch)
	if p.OS == "windows" {
		program.Name = "fitout.exe"
		content, err := zipped(append([]File{program}, more...))
		return File{Name: name + ".zip", Content: content, Mode: 0o644}, err
	}
	content, err := tarred(append([]File{program}, more...))
	return File{Name: name + ".tar.gz", Content: content, Mode: 0o644}, err
}

func tarred(files []File) ([]byte, error) {
	var out bytes.Buffer
	z, err := gzip.NewWriterLevel(&out, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	w := tar.NewWriter(z)
	for _, f := range files {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Mode: f.Mode, Size: int64(len(f.Content)), ModTime: epoch, Format: tar.FormatUSTAR}); err != nil {
			return nil, err
		}
		if _, err := w.Write(f.Content); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	err = z.Close()
	return out.Bytes(), err
}

func zipped(files []File) ([]byte, error) {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	for _, f := range files {
		entry, err := w.CreateHeader(&zip.FileHeader{Name: path.Base(f.Name), Method: zip.Deflate, Modified: epoch})
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(f.Content); err != nil {
			return nil, err
		}
	}
	err := w.Close()
	return out.Bytes(), err
}

//go:embed fitout.rb.tmpl
var formula string

//go:embed krew.yaml.tmpl
var krew string

func filled(name, text, version string, sums map[string]string) ([]byte, error) {
	t, err := template.New(name).Option("missingkey=error").Parse(text)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = t.Execute(&out, map[string]any{"version": version, "number": strings.TrimPrefix(version, "v"), "sum": sums})
	return out.Bytes(), err
}
