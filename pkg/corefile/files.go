package corefile

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Container is what the server finds in its container, as far as that is known. The zero value knows nothing, and nothing is missed.
type Container struct {
	Dir       string             // of the Corefile, an absolute path; relative names are in it
	Names     []string           // absolute paths of files that are there
	Mounts    []string           // absolute paths of files, and of folders whose contents are not known
	Variables map[string]*string // values of the environment variables; nil for one whose value is not known
}

// has reports whether a file can be there. Where the name is a pattern, it is enough that one file can match.
func (f Container) has(name string) bool {
	if !path.IsAbs(name) {
		name = path.Join(f.Dir, name)
	}
	if slices.ContainsFunc(f.Names, func(there string) bool {
		matches, err := path.Match(name, there)
		return there == name || err == nil && matches
	}) {
		return true
	}
	return slices.ContainsFunc(f.Mounts, func(mount string) bool {
		return name == mount || strings.HasPrefix(name, strings.TrimSuffix(mount, "/")+"/")
	})
}

// imports checks an import: of a snippet that is defined above it, or of files.
func (c *checking) imports(name string, line int) {
	subject := "import " + shown(name)
	p, isSnippet := c.snippets[name]
	switch {
	case c.defined[name], substituted(name):
	case isSnippet:
		c.fault(line, true, subject, "is of a snippet that is defined below it, in line "+strconv.Itoa(p.line), "define the snippet first")
	case c.container.Dir == "" || c.container.has(name):
	case strings.ContainsAny(name, "*?["): // the server goes on where no file matches a pattern
		c.fault(line, false, subject, "imports nothing: no volume has such files", "remove it, or mount them in a patch")
	default:
		c.fault(line, true, subject, "is of a file that no volume has, and no snippet has this name; "+c.server()+" does not start with it", "remove it, or mount the file in a patch")
	}
}

// named checks that the files which a plugin names can be there.
func (c *checking) named(d directive) {
	if c.container.Dir == "" {
		return
	}
	for _, word := range d.words[1:] {
		if path.IsAbs(word) && !substituted(word) && !c.container.has(word) {
			c.fault(d.line, false, d.name(), "names "+shown(word)+", a file that no volume has", "remove it, or mount the file in a patch")
		}
	}
}
