package catalogue

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/archive"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"sigs.k8s.io/yaml"
)

// LockFile is the name of the lock, beside the cluster file.
const LockFile = "catalogues.lock"

// A Lock holds catalogues that are fetched to what they were when somebody looked at them.
type Lock struct {
	APIVersion string   `json:"apiVersion" required:"true" enum:"fitout.dev/v1alpha1" doc:"version of this format"`
	Kind       string   `json:"kind" required:"true" enum:"CatalogueLock" doc:"kind of this file"`
	Catalogues []Locked `json:"catalogues" doc:"the catalogues, by source"`
}

// Locked is one catalogue of a lock.
type Locked struct {
	Source  string `json:"source" required:"true" doc:"as cluster files and --catalogue write it"`
	Digest  string `json:"digest" required:"true" doc:"what the source has led to: the digest of the artifact, or of the archive"`
	Archive string `json:"archive" required:"true" doc:"digest of the archive with the catalogue"`
}

// ReadLock reads a lock; file is what messages call it.
func ReadLock(file string, from io.Reader) (*Lock, error) {
	var l Lock
	lines, err := strictyaml.Read(file, from, &l)
	if err != nil {
		return nil, err
	}
	var faults strictyaml.Faults
	for i, c := range l.Catalogues {
		for field, digest := range map[string]string{"digest": c.Digest, "archive": c.Archive} {
			if !digestPattern.MatchString(digest) {
				at := fmt.Sprintf("catalogues[%d].%s", i, field)
				faults = append(faults, strictyaml.Fault{File: file, Line: lines[at], Field: at, Problem: fmt.Sprintf("is %q", strictyaml.Clip(digest)), Remedy: "run fitout catalogue lock"})
			}
		}
	}
	return &l, faults.ErrorOrNil()
}

// Text is the lock as a file.
func (l *Lock) Text() ([]byte, error) {
	l.APIVersion, l.Kind = "fitout.dev/v1alpha1", "CatalogueLock"
	slices.SortFunc(l.Catalogues, func(a, b Locked) int { return strings.Compare(a.Source, b.Source) })
	text, err := yaml.Marshal(l)
	return append([]byte("# Made by fitout catalogue lock; keep it under version control.\n"), text...), err
}

// Of returns what a lock says of a source. The error says that it does not have it, or has another digest.
func (l *Lock) Of(s Source) (Locked, error) {
	for _, c := range l.Catalogues {
		if c.Source != s.Text {
			continue
		}
		if s.Digest != "" && s.Digest != c.Digest {
			return c, fmt.Errorf("%s names another digest than the lock has, %s; run fitout catalogue lock", s.Text, c.Digest)
		}
		return c, nil
	}
	return Locked{}, fmt.Errorf("%s is not locked; run fitout catalogue lock, and keep %s under version control", s.Text, LockFile)
}

// Set puts a catalogue into the lock, in place of what it had of the source, and reports whether that differs.
func (l *Lock) Set(c Locked) bool {
	for i, had := range l.Catalogues {
		if had.Source == c.Source {
			l.Catalogues[i] = c
			return had != c
		}
	}
	l.Catalogues = append(l.Catalogues, c)
	return true
}

// DigestOf is the digest of an archive.
func DigestOf(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// Open returns the folder of a catalogue that is packed in an archive, with addons and bundles at its top or in the one folder there.
func Open(data []byte) (fs.FS, error) {
	files, err := archive.Unpack(data, archive.Catalogue)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"addons", "bundles"} {
		if _, err := fs.Stat(files, name); err == nil {
			return files, nil
		}
	}
	return archive.Inside(files)
}
