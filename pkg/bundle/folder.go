package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Bounds of a catalogue's folder. The largest embedded addon has 30 files and 500 KiB.
const (
	maxFileBytes   = 1 << 20
	maxFolderBytes = 32 << 20
	maxFiles       = 2000
	maxDepth       = 8
)

// Folder makes a source of a folder that somebody wrote: addons/<name>/..., bundles/<minor>.yaml, either of them or both. All of
// it is looked at beforehand: links that leave the folder, what is no file, and more than a catalogue can need are refused. name
// is the folder as messages call it.
func Folder(name string, root fs.FS) (Source, error) {
	s := Source{Name: name}
	w := walker{root: root, name: name}
	for folder, into := range map[string]*fs.FS{"addons": &s.Addons, "bundles": &s.Bundles, "apis": &s.APIs} {
		info, err := fs.Stat(root, folder)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || !info.IsDir() {
			w.refuse(folder, "cannot be read as a folder"+because(err), "give a folder of that name")
			continue
		}
		w.folder(folder, 0)
		if *into, err = fs.Sub(root, folder); err != nil {
			return s, err
		}
	}
	if s.Addons == nil && s.Bundles == nil && len(w.faults) == 0 {
		w.refuse(".", "has neither a folder addons nor a folder bundles", "give the folder that holds them")
	}
	if s.Addons != nil && len(w.faults) == 0 {
		w.addons()
	}
	if s.Bundles != nil && len(w.faults) == 0 {
		w.bundles()
	}
	return s, w.faults.ErrorOrNil()
}

func because(err error) string {
	if err == nil {
		return ""
	}
	return ": " + err.Error()
}

// walker looks at everything in a folder once.
type walker struct {
	root   fs.FS
	name   string
	files  int
	bytes  int64
	faults strictyaml.Faults
}

func (w *walker) refuse(file, problem, remedy string) {
	w.faults = append(w.faults, strictyaml.Fault{File: path.Join(w.name, file), Problem: problem, Remedy: remedy})
}

// folder looks at a folder and what is below it. Names that begin with a dot are passed over, as the Go tools do: a mounted ConfigMap
// has its data there.
func (w *walker) folder(at string, depth int) {
	if depth > maxDepth {
		w.refuse(at, fmt.Sprintf("is more than %d folders deep", maxDepth), "remove the link that leads back to a folder above it")
		return
	}
	entries, err := fs.ReadDir(w.root, at)
	if err != nil {
		w.refuse(at, "cannot be read: "+err.Error(), "make it readable")
		return
	}
	for _, e := range entries {
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		if w.files++; w.files > maxFiles {
			if w.files == maxFiles+1 {
				w.refuse(at, fmt.Sprintf("brings the catalogue to more than %d files", maxFiles), "keep only addons and bundles in it")
			}
			return
		}
		w.entry(path.Join(at, e.Name()), depth)
	}
}

func (w *walker) entry(at string, depth int) {
	info, err := fs.Stat(w.root, at) // follows links, but not out of the folder
	switch {
	case err != nil:
		w.refuse(at, "cannot be read: "+err.Error(), "copy the file into the folder, in place of a link that leaves it")
	case info.IsDir():
		w.folder(at, depth+1)
	case !info.Mode().IsRegular():
		w.refuse(at, "is neither a file nor a folder", "remove it")
	case info.Size() > maxFileBytes:
		w.refuse(at, fmt.Sprintf("has %d KiB, more than %d", info.Size()>>10, maxFileBytes>>10), "split it, or remove it if it is not of the catalogue")
	default:
		before := w.bytes
		if w.bytes += info.Size(); w.bytes > maxFolderBytes && before <= maxFolderBytes {
			w.refuse(at, fmt.Sprintf("brings the catalogue to more than %d MiB", maxFolderBytes>>20), "keep only addons and bundles in it")
		}
	}
}

// addons refuses what would be passed over in the folder of addons.
func (w *walker) addons() {
	entries, _ := fs.ReadDir(w.root, "addons")
	for _, e := range entries {
		file := path.Join("addons", e.Name())
		info, err := fs.Stat(w.root, file)
		switch {
		case err != nil || strings.HasPrefix(e.Name(), ".") || strings.HasSuffix(e.Name(), ".md"):
		case info.IsDir() && !namePattern.MatchString(e.Name()):
			w.refuse(file, "is no name of an addon", "use lower-case letters, digits and dashes, 63 at the most")
		case !info.IsDir() && e.Name() != providersFile && e.Name() != probesFile:
			w.refuse(file, "is no addon", fmt.Sprintf("make a folder for each addon; files there are %s and %s", providersFile, probesFile))
		}
	}
}

// bundles refuses what would be passed over in the folder of bundles.
func (w *walker) bundles() {
	entries, _ := fs.ReadDir(w.root, "bundles")
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, ".") && !strings.HasSuffix(name, ".md") && path.Ext(name) != ".yaml" {
			w.refuse(path.Join("bundles", name), "is no bundle", "name it after the minor, such as 1.36.yaml")
		}
	}
}
