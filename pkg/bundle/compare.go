package bundle

import (
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// A Holder is the source that each part of a bundle's addon comes from; empty for what is embedded.
type Holder struct{ Entry, Addon, Chart string }

// Holder returns where a bundle's addon comes from.
func (c *Catalogue) Holder(minor, addon string) Holder {
	h := Holder{Entry: c.holders[minor][addon]}
	if p, err := c.from(addon, "addon.yaml"); err == nil {
		h.Addon = p.source.Name
	}
	if p, err := c.from(addon, partOf(c.bundles[minor].Addons[addon])); err == nil {
		h.Chart = p.source.Name
	}
	return h
}

func partOf(e Entry) string {
	_, part := e.Form()
	return part
}

// Sources returns the names of the sources that were laid over the embedded one, in their order.
func (c *Catalogue) Sources() []string { return c.sources }

// String says where an addon comes from: own, or own; contents embedded.
func (h Holder) String() string {
	name := func(source string) string {
		if source == "" {
			return embeddedName
		}
		return source
	}
	text := name(h.Entry)
	for _, p := range []struct{ what, source string }{{"addon.yaml", h.Addon}, {"contents", h.Chart}} {
		if p.source != h.Entry {
			text += "; " + p.what + " " + name(p.source)
		}
	}
	return text
}

// A Difference is a text that two catalogues have differently.
type Difference struct {
	What          string // bundle 1.36: coredns; addons/coredns/1.12/values.yaml
	From          string // the source that the new one comes from
	Before, After string // empty where one of the catalogues lacks it
}

// Differences returns what c has otherwise than a catalogue that it was laid over: entries of the bundle of a minor (of all, if that
// is empty), and files of addons.
func (c *Catalogue) Differences(below *Catalogue, minor string) []Difference {
	var all []Difference
	for _, m := range c.Minors() {
		if minor != "" && m != minor {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(c.bundles[m].Addons)) {
			if before, after := entryText(below, m, name), entryText(c, m, name); before != after {
				all = append(all, Difference{"bundle " + m + ": " + name, c.holders[m][name], before, after})
			}
		}
	}
	for _, addon := range slices.Sorted(maps.Keys(c.parts)) {
		for _, part := range slices.Sorted(maps.Keys(c.parts[addon])) {
			if source := c.parts[addon][part].source.Name; source != "" {
				all = append(all, c.partDifferences(below, source, addon, part)...)
			}
		}
	}
	return all
}

// partDifferences are those of the files of an entry of an addon's folder.
func (c *Catalogue) partDifferences(below *Catalogue, source, addon, part string) []Difference {
	before, after := below.texts(addon, part), c.texts(addon, part)
	files := maps.Clone(before)
	maps.Copy(files, after)
	var all []Difference
	for _, file := range slices.Sorted(maps.Keys(files)) {
		if before[file] != after[file] {
			all = append(all, Difference{path.Join("addons", addon, file), source, before[file], after[file]})
		}
	}
	return all
}

// texts are the files of an entry of an addon's folder.
func (c *Catalogue) texts(addon, part string) map[string]string {
	all := map[string]string{}
	p, err := c.from(addon, part)
	if err != nil {
		return all
	}
	_ = fs.WalkDir(p.files, path.Join(addon, part), func(file string, entry fs.DirEntry, err error) error { // what cannot be read is not there
		if err != nil || entry.IsDir() {
			return nil
		}
		if text, err := fs.ReadFile(p.files, file); err == nil {
			all[strings.TrimPrefix(file, addon+"/")] = string(text)
		}
		return nil
	})
	return all
}

// entryText is an entry of a bundle as YAML, without what is empty.
func entryText(c *Catalogue, minor, addon string) string {
	entry, ok := c.bundles[minor].Addons[addon]
	if !ok {
		return ""
	}
	entry.Overrides = ""
	text, err := yaml.Marshal(entry)
	if err != nil {
		return ""
	}
	fields := map[string]any{}
	if yaml.Unmarshal(text, &fields) != nil {
		return ""
	}
	maps.DeleteFunc(fields, func(_ string, value any) bool { return value == nil || value == "" })
	text, _ = yaml.Marshal(fields) // it was just read
	return string(text)
}
