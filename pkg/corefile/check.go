package corefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/strictyaml"
	"k8s.io/apimachinery/pkg/util/version"
)

// A Fault is a line of a Corefile that a version of the server does not take, or takes otherwise than it reads.
type Fault struct {
	Line    int    // counted from 1
	Subject string // proxy; kubernetes: upstream
	Problem string // a clause: was removed in CoreDNS 1.5.0
	Remedy  string // an imperative
	Fatal   bool   // the server does not start with it

	edit *edit // how the line is migrated; nil if only a person can do that
}

func (f Fault) String() string {
	return fmt.Sprintf("line %d: %s %s; %s", f.Line, f.Subject, f.Problem, f.Remedy)
}

// Fatal returns those of the faults with which the server does not start.
func Fatal(faults []Fault) []Fault {
	return slices.DeleteFunc(slices.Clone(faults), func(f Fault) bool { return !f.Fatal })
}

// Check returns, in the order of their lines, the faults of a Corefile for a version of the server: plugins and options that
// the version does not have or ignores, arguments that it does not take, zones that two blocks serve, and imports that lead nowhere. A
// Corefile that cannot be parsed, and a version that is none, are an error.
func (t *Table) Check(serverVersion, source string, container Container) ([]Fault, error) {
	v, err := version.ParseGeneric(serverVersion)
	if err != nil {
		return nil, fmt.Errorf("version of %s: %w", t.Server, err)
	}
	parts, err := parse(source)
	if err != nil {
		return nil, err
	}
	unset := expand(parts, container)
	c := checking{table: t, version: v, source: source, container: container, defined: map[string]bool{}, snippets: snippetsOf(parts)}
	c.unset(unset)
	c.zones(parts)
	for _, p := range parts {
		switch {
		case len(p.keys) == 0:
			c.imports(p.imports, p.line)
		case isSnippet(p.keys):
			c.block(directives(p.body))
			c.defined[snippetName(p)] = true
		default:
			c.block(directives(p.body))
			c.once(directives(p.body))
		}
	}
	slices.SortStableFunc(c.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return c.faults, nil
}

// A checking is a Corefile as it is read from top to bottom.
type checking struct {
	table     *Table
	version   *version.Version
	source    string
	container Container
	snippets  snippets
	defined   map[string]bool // the snippets so far
	faults    []Fault
}

// maxFaults is how many faults are found at most; somebody who sees so many has given the wrong file.
const maxFaults = 100

func (c *checking) fault(line int, fatal bool, subject, problem, remedy string) {
	c.faults = append(c.faults, Fault{Line: line, Subject: subject, Problem: problem, Remedy: remedy, Fatal: fatal})
}

// block checks the plugins of a block or a snippet.
func (c *checking) block(list []directive) {
	for _, d := range list {
		if len(c.faults) >= maxFaults {
			return
		}
		if name, ok := d.imported(); ok {
			c.imports(name, d.line)
			continue
		}
		if substituted(d.name()) {
			continue
		}
		p, known := c.table.Plugins[d.name()]
		if !known {
			c.fault(d.line, true, shown(d.name()), "is not a plugin of "+c.server(), c.suggestion(d.name()))
			continue
		}
		if c.life(d, 1, d.name(), p.life(), true) {
			c.options(d, p)
			c.arguments(d, p)
		}
		if p.Files {
			c.named(d)
		}
	}
}

// once finds the plugins that a server block has more than once, in what it imports, too, and that the server takes only once.
func (c *checking) once(list []directive) {
	seen := map[string]int{} // the lines of those before
	for _, d := range c.snippets.expand(list) {
		line := d.line
		if d.via != nil {
			line = d.via.line
		}
		p := c.table.Plugins[d.name()]
		if first, again := seen[d.name()]; again && p.Once && !reached(c.version, p.OnceUntil) && len(c.faults) < maxFaults {
			c.fault(line, true, shown(d.name()), fmt.Sprintf("is in line %d already, and %s takes it only once in a block", first, c.server()), "keep one of the two")
			continue
		}
		seen[d.name()] = line
	}
}

// substituted reports whether the server puts the value of an environment variable there.
func substituted(word string) bool {
	return strings.Contains(word, "{$") || strings.Contains(word, "{%")
}

func (c *checking) server() string { return c.table.Server + " " + c.version.String() }

func (c *checking) suggestion(name string) string {
	var has []string
	for plugin, p := range c.table.Plugins {
		if (p.Since == "" || reached(c.version, p.Since)) && !reached(c.version, p.Removed) {
			has = append(has, plugin)
		}
	}
	slices.Sort(has)
	if best := strictyaml.Nearest(name, has); best != "" {
		return "did you mean " + best + "?"
	}
	return "remove it"
}

// life checks a plugin or an option, whose first words name it, against its dates, and reports whether the version has it. A version that is not strict
// skips what is too new for it.
func (c *checking) life(d directive, words int, subject string, o Option, strict bool) bool {
	line := d.line
	remedy := cmp.Or(o.Remedy, "remove it")
	if o.Successor != "" && !strings.Contains(o.Remedy, o.Successor) {
		remedy = "use " + o.Successor + ": " + cmp.Or(o.Remedy, "it replaces it")
	}
	switch {
	case reached(c.version, o.Removed):
		c.fault(line, true, subject, fmt.Sprintf("was removed in %s %s, and %s does not start with it", c.table.Server, o.Removed, c.version), remedy)
		c.faults[len(c.faults)-1].edit = editOf(c.source, d, words, o.Migrate)
		return false
	case o.Since != "" && !reached(c.version, o.Since):
		what := map[bool]string{true: "does not start with it", false: "skips it"}[strict]
		c.fault(line, strict, subject, fmt.Sprintf("is new in %s %s, and %s %s", c.table.Server, o.Since, c.version, what), "remove it")
		return false
	case reached(c.version, o.Ignored):
		c.fault(line, false, subject, "does nothing since "+c.table.Server+" "+o.Ignored, remedy)
	case reached(c.version, o.Deprecated):
		c.fault(line, false, subject, "is deprecated since "+c.table.Server+" "+o.Deprecated, remedy)
	}
	return true
}

// options checks those of a plugin.
func (c *checking) options(d directive, p Plugin) {
	if !p.checked() {
		return
	}
	lines := d.body
	if len(p.Inline) > 0 {
		words := d.words[1:]
		for len(words) > 0 && slices.Contains(p.Inline, strings.ToLower(words[0])) {
			words = words[1:]
		}
		if len(words) > 0 {
			lines = append([]directive{{words: words, line: d.line}}, lines...)
		}
	}
	for _, o := range lines {
		if len(c.faults) >= maxFaults {
			return
		}
		if _, isImport := o.imported(); !isImport && !substituted(o.name()) {
			c.option(d.name(), o, p)
		}
	}
}

// option checks one option: the longest name in the table that its words begin with is its. An unknown one is a fault unless
// the version skips those.
func (c *checking) option(plugin string, o directive, p Plugin) {
	subject := plugin + ": " + shown(o.name())
	strict := p.StrictSince == "" || reached(c.version, p.StrictSince)
	for n := len(o.words); n > 0; n-- {
		name := strings.ToLower(strings.Join(o.words[:n], " "))
		if change, ok := p.Changes[name]; ok {
			c.life(o, n, subject+strings.TrimPrefix(name, strings.ToLower(o.name())), change, strict)
			return
		}
	}
	if slices.Contains(p.Options, strings.ToLower(o.name())) || !strict {
		return
	}
	remedy := "remove it"
	if best := strictyaml.Nearest(o.name(), p.Options); best != "" {
		remedy = "did you mean " + best + "?"
	}
	c.fault(o.line, true, subject, "is not an option in "+c.server(), remedy)
}

// shown is a word of a Corefile as messages show it: clipped, and quoted unless it is plain.
func shown(word string) string {
	word = strictyaml.Clip(word)
	if word == "" || strings.ContainsFunc(word, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return fmt.Sprintf("%q", word)
	}
	return word
}
