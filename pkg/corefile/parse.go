package corefile

import (
	"fmt"
	"strings"
)

// A part is one piece of a Corefile: a server block, a snippet, or an import outside of both.
type part struct {
	keys       []string // the zones of a block; (name) of a snippet; none of an import
	imports    string   // what is imported
	line, last int      // of the source, counted from 1: the first and the last
	start, end int      // bytes of the source; a comment behind it on its line belongs to it
	header     int      // where its keys end
	bare       bool     // without braces, which a Corefile's only block may be
	body       []token
}

// maxDepth is how deep braces may be nested, in a block whose own are the first. CoreDNS's plugins use three.
const maxDepth = 20

func tooDeep(line int) error {
	return fmt.Errorf("line %d: braces are nested more than %d deep; CoreDNS needs three", line, maxDepth)
}

// parse reads a Corefile as CoreDNS does (github.com/coredns/caddy, caddyfile/parse.go), without following imports.
func parse(source string) ([]part, error) {
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	r := reader{tokens: tokens}
	var parts []part
	for !r.done() {
		p, err := r.part()
		if err != nil {
			return nil, err
		}
		p.end += lengthOfComment(source[p.end:])
		parts = append(parts, p)
	}
	return parts, nil
}

// lengthOfComment returns the length of what follows on a line if that is a comment.
func lengthOfComment(rest string) int {
	rest = rest[:lengthOfLine(rest)]
	if !strings.HasPrefix(strings.TrimSpace(rest), "#") {
		return 0
	}
	return len(rest)
}

// A reader walks over the words of a Corefile.
type reader struct {
	tokens []token
	at     int
}

func (r *reader) done() bool { return r.at == len(r.tokens) }

func (r *reader) next() token {
	t := r.tokens[r.at]
	r.at++
	return t
}

// onLine tells whether there is another word on the line.
func (r *reader) onLine() bool { return !r.done() && !r.tokens[r.at].begins }

func (r *reader) part() (part, error) {
	first := r.tokens[r.at]
	if first.text == "import" && first.begins {
		return r.imported()
	}
	p := part{line: first.line, start: first.start}
	if err := r.header(&p); err != nil {
		return p, err
	}
	if r.done() || r.tokens[r.at].text != "{" {
		return p, r.bare(&p)
	}
	return p, r.block(&p)
}

func (r *reader) imported() (part, error) {
	word := r.next()
	if !r.onLine() {
		return part{}, fmt.Errorf("line %d: import has no file; name one", word.line)
	}
	file := r.next()
	if r.onLine() {
		return part{}, fmt.Errorf("line %d: import takes one file, and %s follows it; write a line for each", word.line, r.tokens[r.at].text)
	}
	return part{imports: file.text, line: word.line, last: file.last(), start: word.start, end: file.end}, nil
}

// header reads the keys of a block. A comma at the end of one continues on the next line.
func (r *reader) header(p *part) error {
	more := true
	for more || r.onLine() {
		if r.done() {
			return fmt.Errorf("line %d: a zone is to follow the comma; take it away", p.line)
		}
		if text := r.tokens[r.at].text; text == "{" || text == "}" {
			if more {
				return fmt.Errorf("line %d: %s where a zone is to be; write the zone before it", r.tokens[r.at].line, text)
			}
			return nil
		}
		t := r.next()
		if t.text == "import" && (t.begins || len(p.keys) == 0) {
			return fmt.Errorf("line %d: import stands where a zone is to be; give it a line of its own", t.line)
		}
		if bracesLeft(t.text) {
			return fmt.Errorf("line %d: the zone %s has a brace in it; write a blank before a {, or remove it", t.line, shown(t.text))
		}
		key, comma := strings.CutSuffix(t.text, ",")
		more = comma
		p.header, p.end, p.last = t.end, t.end, t.last()
		if t.text != "" {
			p.keys = append(p.keys, key)
		}
	}
	return nil
}

// bracesLeft reports whether a zone has a brace that is not of a variable. CoreDNS would take it for a letter of the name.
func bracesLeft(zone string) bool {
	return strings.ContainsAny(variable.ReplaceAllString(zone, ""), "{}")
}

// block reads on to the brace that closes the block.
func (r *reader) block(p *part) error {
	open := r.next()
	first := r.at
	for depth, empty := 1, true; !r.done(); empty = false {
		t := r.next()
		switch t.text {
		case "{":
			if depth++; depth > maxDepth {
				return tooDeep(t.line)
			}
		case "}":
			depth--
			if depth > 0 {
				continue
			}
			if !t.begins && !empty {
				return fmt.Errorf("line %d: } is not the first on its line, so that it would belong to what is before it; give it a line of its own", t.line)
			}
			p.end, p.last, p.body = t.end, t.last(), r.tokens[first:r.at-1]
			return nil
		}
	}
	return fmt.Errorf("line %d: { is not closed; close it", open.line)
}

// bare reads a block without braces, which goes on to the end.
func (r *reader) bare(p *part) error {
	p.bare = true
	if isSnippet(p.keys) {
		return fmt.Errorf("line %d: { is to follow the snippet %s; write it", p.line, p.keys[0])
	}
	depth := 0
	p.body = r.tokens[r.at:]
	for !r.done() {
		t := r.next()
		switch t.text {
		case "{":
			depth++
		case "}":
			depth--
		}
		switch {
		case depth < 0:
			return fmt.Errorf("line %d: } closes nothing; take it away", t.line)
		case depth >= maxDepth:
			return tooDeep(t.line)
		}
		p.end, p.last = t.end, t.last()
	}
	if depth > 0 {
		return fmt.Errorf("line %d: a { is not closed; close it", p.line)
	}
	return nil
}

func isSnippet(keys []string) bool {
	return len(keys) == 1 && strings.HasPrefix(keys[0], "(") && strings.HasSuffix(keys[0], ")")
}

// text returns a part as it is written, with the braces that it may lack.
func (p part) text(source string) string {
	if p.bare {
		return strings.TrimSpace(source[p.start:p.header]) + " {" + source[p.header:p.end] + "\n}"
	}
	return source[p.start:p.end]
}
