package corefile

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// A Merged is a rendered Corefile with what the live one has of its own.
type Merged struct {
	Text string
	Kept []Kept
}

// A Kept is a part of the live Corefile that the rendered one does not have.
type Kept struct {
	Name        string // server block example.org, snippet (defaults), import custom/*.server
	First, Last int    // lines of the live Corefile, from 1, without the comments above it
}

// Holds reports whether a line of the live Corefile is in the part.
func (k Kept) Holds(line int) bool { return k.First <= line && line <= k.Last }

// Merge appends to a rendered Corefile the server blocks, snippets and imports of the live one whose zones, names and files
// it does not have, each with the comments above it, and the comments that stand between blocks or behind the last one.
// Merging again changes nothing. Parts in which one of the faults is, by its line in the live Corefile, are left out, and so
// are those that import a snippet that is.
//
// Where one of the two cannot be read, or, as a MixedError, where a live block has both zones of the rendered one and others,
// the error says in which line; then there is no telling what would be lost, and the caller decides.
func Merge(ours, live string, leaveOut ...Fault) (Merged, error) {
	has, err := parse(ours)
	if err != nil {
		return Merged{}, fmt.Errorf("the bundle's Corefile: %w", err)
	}
	theirs, err := parse(live)
	if err != nil {
		return Merged{}, fmt.Errorf("the live Corefile: %w", err)
	}
	own, err := ownParts(has, theirs, leaveOut)
	if err != nil {
		return Merged{}, err
	}
	m := merge{ours: ours, live: live, has: has, theirs: theirs, own: own}
	if err := m.collect(leaveOut); err != nil {
		return Merged{}, fmt.Errorf("the live Corefile: %w", err)
	}
	if len(m.pieces) == 0 {
		return Merged{Text: ours}, nil
	}
	if i := slices.IndexFunc(has, func(p part) bool { return p.bare }); i >= 0 && m.blocks {
		return Merged{}, fmt.Errorf("the bundle's Corefile: line %d: nothing can follow a block without braces; write them", has[i].line)
	}
	return Merged{Text: strings.TrimRight(ours, " \t\r\n") + "\n" + strings.Join(m.pieces, ""), Kept: m.kept}, nil
}

// A merge collects what stays of a live Corefile.
type merge struct {
	ours, live  string
	has, theirs []part
	own         []int // indexes of the parts of theirs that the rendered Corefile does not have
	pieces      []string
	kept        []Kept
	blocks      bool // one of the pieces is more than a comment
}

// collect collects it. The error is of a character in it with which no object can be applied.
func (m *merge) collect(leaveOut []Fault) error {
	known, without := commentLines(m.ours, m.has), m.without(leaveOut)
	before := 0
	own := map[int]bool{}
	for _, i := range m.own {
		own[i] = true
	}
	for i, p := range m.theirs {
		from := before
		comments := foreignComments(m.live[from:p.start], known)
		before = p.end
		switch {
		case !own[i]:
			if err := m.piece(comments, from, p.start); err != nil {
				return err
			}
			continue
		case without[i]:
			continue
		case comments != "" && standsAlone(m.live[from:p.start]):
			comments += "\n\n"
		case comments != "":
			comments += "\n"
		}
		if err := m.piece(comments+strings.TrimSpace(p.text(m.live)), from, p.end); err != nil {
			return err
		}
		m.blocks = true
		m.kept = append(m.kept, Kept{Name: p.name(), First: p.line, Last: p.last})
	}
	return m.piece(foreignComments(m.live[before:], known), before, len(m.live))
}

// standsAlone reports whether a blank line parts comments from what follows them.
func standsAlone(comments string) bool {
	return strings.Count(comments[len(strings.TrimRightFunc(comments, unicode.IsSpace)):], "\n") > 1
}

// piece keeps a text, if there is any, which stands between two bytes of the live Corefile.
func (m *merge) piece(text string, from, to int) error {
	if text == "" {
		return nil
	}
	if err := writable(text, 0, len(text)); err != nil {
		return writable(m.live, max(from, len(m.live)-len(strings.TrimPrefix(m.live, byteOrderMark))), to)
	}
	m.pieces = append(m.pieces, "\n"+text+"\n")
	return nil
}

// without returns the indexes of the parts that are left out for their faults. A snippet stands above those that import it.
func (m *merge) without(faults []Fault) map[int]bool {
	out, gone := map[int]bool{}, map[string]bool{}
	faulty := map[int]bool{}
	for _, f := range faults {
		faulty[f.Line] = true
	}
	for _, i := range m.own {
		p := m.theirs[i]
		out[i] = len(faults) > 0 && uses(directives(p.body), gone)
		for line := p.line; line <= p.last; line++ {
			out[i] = out[i] || faulty[line]
		}
		if out[i] && isSnippet(p.keys) {
			gone[snippetName(p)] = true
		}
	}
	return out
}

// uses reports whether directives import one of the snippets.
func uses(list []directive, snippets map[string]bool) bool {
	return slices.ContainsFunc(list, func(d directive) bool {
		name, isImport := d.imported()
		return isImport && snippets[name] || uses(d.body, snippets)
	})
}

// commentLines returns the lines of the comments between the parts of a Corefile.
func commentLines(source string, parts []part) map[string]bool {
	lines, before := map[string]bool{}, 0
	add := func(text string) {
		for line := range strings.Lines(text) {
			lines[bareLine(line)] = true
		}
	}
	for _, p := range parts {
		add(source[before:p.start])
		before = p.end
	}
	add(source[before:])
	return lines
}

// foreignComments returns comments without the lines that the rendered Corefile has, too.
func foreignComments(text string, known map[string]bool) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		if bare := bareLine(line); bare == "" || !known[bare] {
			out.WriteString(line)
		}
	}
	return strings.TrimSpace(strings.TrimPrefix(out.String(), byteOrderMark))
}

const byteOrderMark = "\ufeff"

func bareLine(line string) string { return strings.TrimSpace(strings.TrimPrefix(line, byteOrderMark)) }

// A MixedError says which live blocks have both zones of the rendered Corefile and others. Given its faults to leave out,
// Merge takes them for blocks of the rendered one.
type MixedError struct{ Faults []Fault }

func (e *MixedError) Error() string {
	lines := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		lines[i] = f.String()
	}
	return "the live Corefile: " + strings.Join(lines, "; ")
}

// ownParts returns the indexes of the live parts that the bundle does not have.
func ownParts(has, live []part, leaveOut []Fault) ([]int, error) {
	known := map[string]bool{}
	for _, p := range has {
		for _, id := range p.ids() {
			known[id] = true
		}
	}
	var own []int
	var mixed []Fault
	for i, p := range live {
		var mine, shared []string
		for j, id := range p.ids() {
			if known[id] {
				shared = append(shared, shown(p.shown(j)))
			} else {
				mine = append(mine, shown(p.shown(j)))
			}
		}
		switch {
		case len(mine) == 0:
		case len(shared) == 0:
			own = append(own, i)
		case !slices.ContainsFunc(leaveOut, func(f Fault) bool { return p.line <= f.Line && f.Line <= p.last }):
			mixed = append(mixed, Fault{Line: p.line, Subject: "the block", Fatal: true, Remedy: "give the latter a block of its own",
				Problem: fmt.Sprintf("is of %s, which the bundle's Corefile serves, and of %s, which it does not", strings.Join(shared, ", "), strings.Join(mine, ", "))})
		}
	}
	if len(mixed) > 0 {
		return nil, &MixedError{Faults: mixed}
	}
	return own, nil
}
