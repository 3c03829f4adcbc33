package golden

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Bounds of what is read: a folder is other people's work.
const (
	maxFile  = 32 << 20 // bytes
	maxFiles = 200_000
)

// A Folder is a golden folder on disk. Links in it lead nowhere else.
type Folder struct {
	root  *os.Root
	name  string // as it was given, for messages
	brief brief
}

// Open opens a golden folder. One that does not exist is empty, and made when it is written.
func Open(dir string) (*Folder, error) {
	root, err := os.OpenRoot(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return &Folder{name: dir}, nil
	}
	return &Folder{root: root, name: dir}, err
}

// Exists reports whether the folder is there.
func (f *Folder) Exists() bool { return f.root != nil }

// Close closes the folder.
func (f *Folder) Close() error {
	if f.root == nil {
		return nil
	}
	return f.root.Close()
}

// Brief makes the folder hold the digests of definitions in place of their text, for folders beside the charts that have it.
func (f *Folder) Brief() { f.brief = true }

// list returns the files below a part of the folder, sorted; none if the part does not exist.
func (f *Folder) list(part string) ([]string, error) {
	if f.root == nil {
		return nil, nil
	}
	var files []string
	err := fs.WalkDir(f.root.FS(), part, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist) && name == part:
			return fs.SkipAll
		case err != nil:
			return err
		case !entry.IsDir() && !entry.Type().IsRegular():
			return f.irregular(name)
		case !entry.IsDir():
			files = append(files, name)
		}
		if len(files) > maxFiles {
			return fmt.Errorf("more than %d files below %s; is this a golden folder?", maxFiles, path.Join(f.name, part))
		}
		return nil
	})
	return files, err
}

// irregular is the fault of what is no file in the folder: a link may lead anywhere, and a pipe may never end.
func (f *Folder) irregular(name string) error {
	return strictyaml.Faults{{File: path.Join(f.name, name), Problem: "is no regular file", Remedy: "remove it: nothing in a golden folder is a link, a pipe or a device"}}
}

// read returns the contents of a file, nil if it does not exist.
func (f *Folder) read(name string) ([]byte, error) {
	if f.root == nil {
		return nil, nil
	}
	info, err := f.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, f.irregular(name)
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxFile+1))
	if err == nil && len(text) > maxFile {
		err = fmt.Errorf("%s: is larger than %d MiB, as no golden file is; remove it", path.Join(f.name, name), maxFile>>20)
	}
	return text, err
}

// indexes reads the index of each cluster. The error is a strictyaml.Faults with every file that is no index.
func (f *Folder) indexes() (map[string]Index, error) {
	files, err := f.list(indexes)
	if err != nil {
		return nil, err
	}
	all := map[string]Index{}
	var faults strictyaml.Faults
	for _, name := range files {
		index, err := f.index(name)
		var found strictyaml.Faults
		switch {
		case errors.As(err, &found):
			faults = append(faults, found...)
		case err != nil:
			return nil, err
		default:
			all[clusterName(name)] = index
		}
	}
	return all, faults.ErrorOrNil()
}

func clusterName(file string) string {
	return strings.TrimSuffix(strings.TrimPrefix(file, indexes+"/"), ".yaml")
}

func indexFile(cluster string) string { return indexes + "/" + cluster + ".yaml" }

func (f *Folder) index(name string) (Index, error) {
	shown := path.Join(f.name, name)
	text, err := f.read(name)
	if err != nil {
		return Index{}, err
	}
	if !bytes.HasPrefix(text, []byte(header)) {
		return Index{}, strictyaml.Faults{{File: shown, Problem: "is no index of fitout golden", Remedy: "remove it, or restore it from version control"}}
	}
	var index Index
	if _, err := strictyaml.Decode(shown, text, &index); err != nil {
		return Index{}, err
	}
	for i, a := range index.Addons {
		if a.File != path.Base(a.File) || !fs.ValidPath(a.File) {
			return Index{}, strictyaml.Faults{{File: shown, Field: fmt.Sprintf("addons[%d].file", i), Problem: "is no name of a file in addons/", Remedy: "run fitout golden update"}}
		}
	}
	return index, nil
}

// Write makes the folder hold what was rendered for a comparison of it: it writes what is new or differs, and then removes what
// nothing names any more.
func (f *Folder) Write(c *Comparison) error {
	if err := f.create(); err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(c.write)) {
		if err := f.root.MkdirAll(path.Dir(name), 0o755); err != nil {
			return err
		}
		if err := f.replace(name, c.write[name]); err != nil {
			return err
		}
	}
	for _, name := range c.remove {
		if err := f.root.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// create makes the folder if it does not exist.
func (f *Folder) create() (err error) {
	if f.root == nil {
		if err = os.MkdirAll(f.name, 0o755); err == nil {
			f.root, err = os.OpenRoot(f.name)
		}
	}
	return err
}

// replace writes a file whole or not at all: under another name first.
func (f *Folder) replace(name string, text []byte) error {
	fresh := name + ".new"
	if err := f.root.WriteFile(fresh, text, 0o644); err != nil {
		return err
	}
	return f.root.Rename(fresh, name)
}
