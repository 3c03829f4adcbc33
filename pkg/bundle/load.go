package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/corefile"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// Load reads a catalogue from one source: addons has a folder for each addon, bundles a file for each minor. The error joins
// everything that is wrong with them.
func Load(addons, bundles fs.FS) (*Catalogue, error) {
	return LoadLayers(Source{Addons: addons, Bundles: bundles})
}

// LoadLayers reads a catalogue from several sources, each laid over those before it: a part of an addon's folder (addon.yaml, the
// chart of a line) and an entry of a bundle come from the last source that has them. Origins tells which those are.
func LoadLayers(sources ...Source) (*Catalogue, error) {
	c := &Catalogue{
		addons: map[string]Addon{}, bundles: map[string]Bundle{}, parts: map[string]map[string]part{},
		lines: map[string]strictyaml.Lines{}, entries: map[string]map[string]string{}, broken: map[string]bool{}, own: map[string]bool{}, sentences: map[string]Sentence{},
		unpacked: map[string]fs.FS{}, replaced: map[string][]string{}, holders: map[string]map[string]string{},
	}
	var errs []error
	for _, s := range sources {
		if s.Name != "" {
			c.sources = append(c.sources, s.Name)
		}
		errs = append(errs, c.collect(s), c.loadSentences(s))
	}
	errs = append(errs, c.loadAddons())
	for _, s := range sources {
		errs = append(errs, c.overrideParts(s), c.loadBundles(s), c.loadProviders(s))
	}
	if len(c.bundles) == 0 && errors.Join(errs...) == nil {
		errs = append(errs, errors.New("bundles: no bundle found"))
	}
	errs = append(errs, c.verify()...)
	return c, errors.Join(errs...)
}

func (c *Catalogue) loadAddons() error {
	var errs []error
	for _, folder := range slices.Sorted(maps.Keys(c.parts)) {
		p, err := c.from(folder, "addon.yaml")
		if err != nil {
			continue // collect has said so
		}
		var a Addon
		file := p.source.addonFile(path.Join(folder, "addon.yaml"))
		if err := c.decode(p.files, path.Join(folder, "addon.yaml"), file, &a); err != nil {
			errs = append(errs, err)
			c.broken[folder] = true
			continue
		}
		if a.Name != folder {
			errs = append(errs, c.locate(file, place{"name", fmt.Errorf("is %s; it must be the folder's name, %s", a.Name, folder)}))
		}
		errs = append(errs, c.loadTables(&a))
		errs = append(errs, c.locateAll(file, append(c.complete(&a), a.compile()...))...)
		c.addons[a.Name] = a
	}
	return errors.Join(errs...)
}

// loadTables reads the tables of plugins that the addon's edits name.
func (c *Catalogue) loadTables(a *Addon) error {
	var errs []error
	for i, e := range a.Edits {
		p, err := c.from(a.Name, e.Plugins)
		if err == nil && partPattern.MatchString(e.Plugins) {
			var data []byte
			if data, err = fs.ReadFile(p.files, path.Join(a.Name, e.Plugins)); err == nil {
				a.Edits[i].Table, err = corefile.DecodeTable(p.source.addonFile(path.Join(a.Name, e.Plugins)), data)
				errs = append(errs, err)
				continue
			}
		}
		errs = append(errs, c.locate(c.addonFile(a.Name), place{fmt.Sprintf("edits[%d].plugins", i), fmt.Errorf("cannot be read: %w", err)}))
	}
	return errors.Join(errs...)
}

// addonFile is what messages call the addon.yaml of an addon.
func (c *Catalogue) addonFile(name string) string {
	p, err := c.from(name, "addon.yaml")
	if err != nil {
		return path.Join(name, "addon.yaml")
	}
	return p.source.addonFile(path.Join(name, "addon.yaml"))
}

func (c *Catalogue) loadBundles(s Source) error {
	if s.Bundles == nil {
		return nil
	}
	files, err := fs.Glob(s.Bundles, "*.yaml")
	if err != nil {
		return fmt.Errorf("bundles: %w", err)
	}
	var errs []error
	for _, file := range files {
		var b Bundle
		name := s.bundleFile(file)
		if err := c.decode(s.Bundles, file, name, &b); err != nil {
			errs = append(errs, err)
			continue
		}
		if minor := strings.TrimSuffix(file, ".yaml"); b.Kubernetes != minor {
			errs = append(errs, c.locate(name, place{"kubernetes", fmt.Errorf("is %s; it must be the file's name, %s", b.Kubernetes, minor)}))
		}
		errs = append(errs, c.lay(s, b, name))
	}
	return errors.Join(errs...)
}

// lay lays a bundle over what earlier sources have for its minor. The error names entries that do not say what they were made for.
func (c *Catalogue) lay(s Source, b Bundle, file string) error {
	minor := b.Kubernetes
	base, known := c.bundles[minor]
	if c.entries[minor] == nil {
		c.entries[minor], c.holders[minor] = map[string]string{"": file}, map[string]string{}
	}
	merged := base
	merged.APIVersion, merged.Kind, merged.Kubernetes = b.APIVersion, b.Kind, minor
	merged.Addons, merged.Defaults = maps.Clone(base.Addons), maps.Clone(base.Defaults)
	if merged.Addons == nil {
		merged.Addons = map[string]Entry{}
	}
	if merged.Defaults == nil {
		merged.Defaults = map[string]string{}
	}
	said := func(what, of string) {
		if s.Name != "" {
			c.note(s, minor, what, false, slices.DeleteFunc([]string{of}, func(text string) bool { return text == "" }))
		}
	}
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(b.Addons)) {
		was, overrides := base.Addons[name]
		errs = append(errs, c.overrideEntry(s, minor, name, file, b.Addons[name], was, overrides))
		merged.Addons[name], c.entries[minor][name], c.holders[minor][name] = b.Addons[name], file, s.Name
		said(name+" "+b.Addons[name].Version, was.Version)
	}
	for _, field := range slices.Sorted(maps.Keys(b.Defaults)) {
		merged.Defaults[field], c.entries[minor]["defaults."+field] = b.Defaults[field], file
		said("default of "+field+" "+b.Defaults[field], base.Defaults[field])
	}
	if b.TestedVersion != "" {
		merged.TestedVersion, c.entries[minor]["testedVersion"] = b.TestedVersion, file
		if known {
			said("testedVersion "+b.TestedVersion, base.TestedVersion)
		}
	}
	if b.Budget != (Budget{}) {
		merged.Budget, c.entries[minor]["budget"] = b.Budget, file
	}
	if b.Nodes != nil {
		merged.Nodes, c.entries[minor]["nodes"] = b.Nodes, file
	}
	if b.NodeImages != nil {
		merged.NodeImages, c.entries[minor]["nodeImages"] = b.NodeImages, file
	}
	c.bundles[minor] = merged
	return errors.Join(errs...)
}

// bundleFile is what messages call the file that holds a part of a bundle.
func (c *Catalogue) bundleFile(minor, part string) string {
	if file, ok := c.entries[minor][part]; ok {
		return file
	}
	return c.entries[minor][""]
}

// decode reads a file and keeps the lines of its fields.
func (c *Catalogue) decode(from fs.FS, file, name string, into any) error {
	f, err := from.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	lines, err := strictyaml.Read(name, f, into)
	c.lines[name], c.own[name] = lines, name != file
	return err
}

// decodeShared reads a file beside the addons, which a source need not have.
func (c *Catalogue) decodeShared(s Source, file string, into any) error {
	if s.Addons == nil {
		return nil
	}
	if err := c.decode(s.Addons, file, s.addonFile(file), into); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
