package corefile

import (
	"slices"
	"strings"
)

// An edit puts a text in the place of some bytes of a Corefile; an empty one takes them out.
type edit struct {
	start, end int
	text       string
}

// A Migration is one line of a Corefile that is written for a newer version of the server.
type Migration struct {
	Fault   Fault  // why
	Was     string // the line, without the white space around it
	Becomes string // empty if it goes
}

// drop is the word by which a table lets a line go.
const drop = "drop"

// editOf returns how a directive is migrated, whose first words name it; nil if only a person can do that.
func editOf(source string, d directive, words int, migrate string) *edit {
	switch {
	case migrate == drop && len(d.body) == 0:
		return &edit{start: d.start, end: d.end}
	case migrate != "" && migrate != drop && words == 1 && strings.HasPrefix(source[d.start:], d.words[0]):
		return &edit{start: d.start, end: d.start + len(d.words[0]), text: migrate}
	}
	return nil
}

// Migrate edits the lines of a Corefile with which a version of the server does not start, where the table knows how, and that
// are to be edited. Everything else stays as it is, comments included.
func (t *Table) Migrate(serverVersion, source string, container Container, edited func(Fault) bool) (string, []Migration, error) {
	faults, err := t.Check(serverVersion, source, container)
	if err != nil {
		return source, nil, err
	}
	var all []Migration
	var edits []edit
	for _, f := range faults {
		if f.edit == nil || !edited(f) || slices.Contains(edits, *f.edit) {
			continue
		}
		edits = append(edits, *f.edit)
		line := lineAt(source, f.edit.start)
		becomes := lineAt(f.edit.apply(source), f.edit.start)
		if f.edit.text == "" && strings.Count(f.edit.apply(source), "\n") < strings.Count(source, "\n") {
			becomes = ""
		}
		all = append(all, Migration{Fault: f, Was: line, Becomes: becomes})
	}
	slices.SortFunc(edits, func(a, b edit) int { return b.start - a.start }) // from the end, so that places stay right
	for _, e := range edits {
		source = e.apply(source)
	}
	return source, all, nil
}

// apply makes the edit. A line of which nothing is left goes whole.
func (e edit) apply(source string) string {
	before, after := source[:e.start], source[e.end:]
	if e.text == "" {
		line := strings.LastIndexByte(before, '\n') + 1
		rest, next, _ := strings.Cut(after, "\n")
		if strings.TrimSpace(before[line:]+rest) == "" {
			return before[:line] + next
		}
	}
	return before + e.text + after
}

// lineAt returns the line in which a byte stands.
func lineAt(source string, at int) string {
	at = min(at, len(source))
	start := strings.LastIndexByte(source[:at], '\n') + 1
	line, _, _ := strings.Cut(source[start:], "\n")
	return strings.TrimSpace(line)
}
