package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// A Source is where addons and bundles are read from. Addons has a folder for each addon, Bundles a file for each minor; either
// may be nil.
type Source struct {
	Name            string // what the folder is called in messages; empty for what is embedded
	Addons, Bundles fs.FS
	APIs            fs.FS // snapshots of the API of minors, such as 1.40.json.gz; nil where there are none
}

// The files of a source, as messages call them.
func (s Source) addonFile(file string) string  { return s.file("addons", file) }
func (s Source) bundleFile(file string) string { return s.file("bundles", file) }

func (s Source) file(folder, file string) string {
	if s.Name == "" {
		return file
	}
	return path.Join(s.Name, folder, file)
}

// A part is an entry of an addon's folder (addon.yaml, 1.12): the last source that has it holds it.
type part struct {
	source Source
	files  fs.FS
}

// from returns the source that holds a file of an addon. The error says that none does.
func (c *Catalogue) from(addon, file string) (part, error) {
	first, _, _ := strings.Cut(file, "/")
	if p, ok := c.parts[addon][first]; ok {
		return p, nil
	}
	return part{}, &fs.PathError{Op: "open", Path: path.Join(addon, file), Err: fs.ErrNotExist}
}

func (c *Catalogue) readFile(addon, file string) ([]byte, error) {
	p, err := c.from(addon, file)
	if err != nil {
		return nil, err
	}
	return fs.ReadFile(p.files, path.Join(addon, file))
}

// collect notes which source holds each part of each addon, and what a later source takes the place of.
func (c *Catalogue) collect(s Source) error {
	if s.Addons == nil {
		return nil
	}
	folders, err := fs.ReadDir(s.Addons, ".")
	if err != nil {
		return fmt.Errorf("%s: %w", s.addonFile("."), err)
	}
	var errs []error
	for _, folder := range folders {
		if info, err := fs.Stat(s.Addons, folder.Name()); err != nil || !info.IsDir() || strings.HasPrefix(folder.Name(), ".") {
			continue
		}
		entries, err := fs.ReadDir(s.Addons, folder.Name())
		if err != nil {
			return fmt.Errorf("%s: %w", s.addonFile(folder.Name()), err)
		}
		errs = append(errs, c.collectAddon(s, folder.Name(), entries))
	}
	return errors.Join(errs...)
}

func (c *Catalogue) collectAddon(s Source, addon string, entries []fs.DirEntry) error {
	known := c.parts[addon] != nil
	if !known {
		c.parts[addon] = map[string]part{}
	}
	var replaced []string
	for _, e := range entries {
		if _, twice := c.parts[addon][e.Name()]; twice {
			replaced = append(replaced, e.Name())
			c.replaced[addon] = slices.Compact(slices.Sorted(slices.Values(append(c.replaced[addon], e.Name()))))
		}
		c.parts[addon][e.Name()] = part{s, s.Addons}
	}
	if _, ok := c.parts[addon]["addon.yaml"]; !ok {
		return strictyaml.Fault{File: s.addonFile(addon), Problem: "has no addon.yaml, and no other source has one", Remedy: "write it, or remove the folder"}
	}
	if s.Name != "" {
		c.note(s, "", "addon "+addon, known, replaced)
	}
	return nil
}

// An Origin is something that comes from a source beside what is embedded.
type Origin struct {
	Source    string
	Minor     string // of the bundle; empty where it is an addon
	What      string // addon coredns; coredns (of a bundle)
	Overrides string // what of an earlier source it takes the place of; empty where it is new
}

func (o Origin) String() string {
	text := o.What
	if o.Minor != "" {
		text = "bundle " + o.Minor + ": " + o.What
	}
	if o.Overrides != "" {
		text += ", overrides " + o.Overrides
	}
	return text
}

func (c *Catalogue) note(s Source, minor, what string, known bool, replaced []string) {
	o := Origin{Source: s.Name, Minor: minor, What: what}
	switch {
	case len(replaced) > 0:
		o.Overrides = strings.Join(replaced, ", ")
	case known:
		o.What += " (more of it)"
	}
	c.origins = append(c.origins, o)
}

// Origins returns what comes from sources beside what is embedded and concerns the bundle of a minor; of all minors if it is empty.
func (c *Catalogue) Origins(minor string) []Origin {
	return slices.DeleteFunc(slices.Clone(c.origins), func(o Origin) bool { return minor != "" && o.Minor != "" && o.Minor != minor })
}

// place is a fault of a field of one file, before its file and line are known.
type place struct {
	field string
	error
}

// locate gives a fault of a field the file and the line where it stands, or where what holds it stands.
func (c *Catalogue) locate(file string, p place) error {
	fault := strictyaml.Fault{File: file, Field: p.field, Problem: p.Error()}
	for field := p.field; field != ""; field = field[:max(0, strings.LastIndexAny(field, ".["))] {
		if line, ok := c.lines[file][field]; ok {
			fault.Line = line
			break
		}
	}
	return fault
}

func (c *Catalogue) locateAll(file string, places []place) []error {
	var errs []error
	for _, p := range places {
		errs = append(errs, c.locate(file, p))
	}
	return errs
}
