package corefile

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// A Line is a line of a live Corefile that another one does not have.
type Line struct {
	Number  int    // in the live Corefile, from 1
	Text    string // as it stands there, without the blanks around it, or import NAME: and a line of that snippet
	Instead string // the line of the other Corefile that sets the same plugin or option otherwise; empty if there is none
	Comment bool   // it is only a comment
}

// String says what happens to the line, printable.
func (l Line) String() string {
	if l.Instead != "" {
		return fmt.Sprintf("line %d: %s becomes %s", l.Number, written(l.Text), written(l.Instead))
	}
	return fmt.Sprintf("line %d goes: %s", l.Number, written(l.Text))
}

// written is a line of somebody else's as it may be printed.
func written(line string) string {
	const most = 160
	if len(line) > most {
		line = strings.ToValidUTF8(line[:most], "") + "…"
	}
	return printable.Line(line)
}

// Lost returns what of a live Corefile would be gone if ours replaced it: one Line for each plugin, option and comment that
// ours does not have in the server block of the same zones, in the order of their numbers. Nothing is lost by another order
// of lines or blocks, by other blanks, or by a snippet that stands written out in ours.
//
// Blocks, snippets and imports that only the live one has are lost as a whole, so give the text that Merge returns for ours:
// it has them. Where one of the two cannot be parsed, texts are compared line by line.
//
//	ours              live                  Lost
//	.:53 {            .:53 {
//	    cache 30          cache 300         2 "cache 300", instead "cache 30"
//	    forward . a       forward . a {
//	}                         policy random 4 "policy random"
//	                      }
//	                      log               6 "log"
//	                  }
//
// It is pure and never fails: what is lost must be known above all where the live Corefile is broken.
func Lost(ours, live string) []Line {
	l := losses{ours: read(ours), live: read(live), known: map[int]map[string]bool{}}
	if l.ours.err != nil || l.live.err != nil {
		l.lines(live)
	} else {
		for _, b := range l.live.blocks {
			l.compare(l.ours.blockLike(b), b.list)
		}
		l.remains()
		l.comments()
	}
	slices.SortStableFunc(l.found, func(a, b Line) int { return cmp.Compare(a.Number, b.Number) })
	return l.found
}

// A document is a Corefile with what its blocks come to.
type document struct {
	source string
	lines  []string
	parts  []part
	blocks []block
	zones  map[string][]int // indexes of the blocks of a zone: more than one only in a Corefile that does not start
	err    error
}

// A block is a server block whose snippets are written out.
type block struct {
	ids    []string
	repeat []int // how many blocks before it have the zone of the same index, too
	list   []directive
}

func read(source string) document {
	d := document{source: source, zones: map[string][]int{}, lines: strings.Split(source, "\n")}
	if d.parts, d.err = parse(source); d.err != nil {
		return d
	}
	snippets := snippetsOf(d.parts)
	for _, p := range d.parts {
		if len(p.keys) > 0 && !isSnippet(p.keys) {
			b := block{ids: p.ids(), list: snippets.expand(directives(p.body))}
			for _, id := range b.ids {
				b.repeat = append(b.repeat, len(d.zones[id]))
				d.zones[id] = append(d.zones[id], len(d.blocks))
			}
			d.blocks = append(d.blocks, b)
		}
	}
	return d
}

// blockLike returns the directives of the block that serves a zone of another; where several do, of the one in the same place
// among them.
func (d document) blockLike(other block) []directive {
	for i, id := range other.ids {
		if list, ok := d.serving(id, other.repeat[i]); ok {
			return list
		}
	}
	return nil
}

// serving returns the directives of a block of a zone: of the last one if there are not as many blocks of it.
func (d document) serving(zone string, repeat int) ([]directive, bool) {
	at := d.zones[zone]
	if len(at) == 0 {
		return nil, false
	}
	return d.blocks[at[min(repeat, len(at)-1)]].list, true
}

// text returns a line as it is written.
func (d document) text(number int) string { return bareLine(d.lines[number-1]) }

// losses collects what is lost, by line.
type losses struct {
	ours, live document
	found      []Line
	known      map[int]map[string]bool // their texts by their numbers
}

// lose adds a line, once.
func (l *losses) lose(line Line) {
	if l.known[line.Number] == nil {
		l.known[line.Number] = map[string]bool{}
	}
	if !l.known[line.Number][line.Text] {
		l.known[line.Number][line.Text] = true
		l.found = append(l.found, line)
	}
}

// directive loses the line of a directive; of one that an import brings, the line of the import.
func (l *losses) directive(d directive, instead string) {
	line := Line{Number: d.line, Text: l.live.text(d.line), Instead: instead}
	if d.via != nil {
		line.Number, line.Text = d.via.line, strings.Join(d.via.words, " ")+": "+line.Text
	}
	l.lose(line)
}

// compare loses the directives that ours does not have: neither in the same words, nor with the same name.
func (l *losses) compare(ours, live []directive) {
	for _, m := range matched(ours, live) {
		switch {
		case m.ours == nil:
			l.whole(m.live)
			continue
		case !slices.Equal(m.ours.words, m.live.words):
			l.directive(m.live, l.ours.text(m.ours.line))
		}
		l.compare(m.ours.body, m.live.body)
	}
}

// whole loses a directive with all that it holds.
func (l *losses) whole(d directive) {
	l.directive(d, "")
	for _, inner := range d.body {
		l.whole(inner)
	}
}

// remains loses snippets and imports outside of blocks that ours does not have. Of zones, compare has told.
func (l *losses) remains() {
	has := map[string]bool{}
	for _, p := range l.ours.parts {
		for _, id := range p.ids() {
			has[id] = true
		}
	}
	for _, p := range l.live.parts {
		if !slices.ContainsFunc(p.ids(), func(id string) bool { return has[id] }) {
			l.lose(Line{Number: p.line, Text: l.live.text(p.line)})
			for _, d := range directives(p.body) {
				l.whole(d)
			}
		}
	}
}

// comments loses those that ours does not have anywhere.
func (l *losses) comments() {
	has := map[string]bool{}
	for _, c := range commentsOf(l.ours) {
		has[c.Text] = true
	}
	for _, c := range commentsOf(l.live) {
		if l.known[c.Number] == nil && !has[c.Text] {
			l.lose(c)
		}
	}
}

// commentsOf returns the comments of a Corefile: what stands from # to the end of a line, between words.
func commentsOf(d document) []Line {
	var found []Line
	tokens, _ := lex(d.source) // it has been parsed
	before, line := 0, 1
	for _, t := range append(tokens, token{start: len(d.source)}) {
		for text := range strings.Lines(d.source[before:t.start]) {
			if comment := bareLine(text); strings.HasPrefix(comment, "#") {
				found = append(found, Line{Number: line, Text: comment, Comment: true})
			}
			line++
		}
		before, line = t.end, t.last()
	}
	return found
}

// lines loses every line that ours does not have in the same words, whether a block follows them or not.
func (l *losses) lines(live string) {
	words := func(line string) string { return strings.TrimSpace(strings.TrimSuffix(bareLine(line), "{")) }
	has := map[string]bool{"": true, "}": true}
	for _, line := range l.ours.lines {
		has[words(line)] = true
	}
	for i, line := range strings.Split(live, "\n") {
		if bare := bareLine(line); !has[words(line)] {
			l.lose(Line{Number: i + 1, Text: bare, Comment: strings.HasPrefix(bare, "#")})
		}
	}
}
