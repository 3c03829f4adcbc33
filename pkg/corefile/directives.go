package corefile

import (
	"cmp"
	"slices"
	"strings"
)

// A directive is a plugin of a block with its arguments, or an option of a plugin with its: what stands on a line, and what
// the braces behind it hold.
type directive struct {
	words      []string // the name first
	body       []directive
	line       int        // counted from 1
	start, end int        // bytes of the source, from the name to the last word or brace
	via        *directive // the import in the block that it comes by, if it is of a snippet
}

func (d directive) name() string { return d.words[0] }

// directives reads the inside of braces as CoreDNS does: a line begins a directive, unless it stands in braces itself. The
// braces of the tokens match, and are no deeper than maxDepth.
func directives(tokens []token) []directive {
	var all []directive
	for at := 0; at < len(tokens); {
		t := tokens[at]
		if t.text == "{" && len(all) > 0 {
			to := closing(tokens, at)
			last := &all[len(all)-1]
			last.body = append(last.body, directives(tokens[at+1:to])...)
			if to < len(tokens) {
				last.end = tokens[to].end
			}
			at = to + 1
			continue
		}
		if t.begins || len(all) == 0 || at > 0 && tokens[at-1].text == "{" {
			all = append(all, directive{line: t.line, start: t.start})
		}
		last := &all[len(all)-1]
		last.words, last.end = append(last.words, t.text), t.end
		at++
	}
	return all
}

// closing returns where the brace stands that closes the one at a place, or the end.
func closing(tokens []token, at int) int {
	depth := 0
	for i, t := range tokens[at:] {
		switch t.text {
		case "{":
			depth++
		case "}":
			depth--
		}
		if depth == 0 {
			return at + i
		}
	}
	return len(tokens)
}

// snippets are the contents of those that a Corefile defines, by name without brackets.
type snippets map[string]part

func snippetsOf(parts []part) snippets {
	found := snippets{}
	for _, p := range parts {
		if isSnippet(p.keys) {
			found[snippetName(p)] = p
		}
	}
	return found
}

// snippetName returns the name that imports use.
func snippetName(p part) string { return strings.TrimSuffix(strings.TrimPrefix(p.keys[0], "("), ")") }

// maxExpanded bounds the directives that come into a block with its snippets: snippets that import others multiply.
const maxExpanded = 10000

// expand puts the contents of snippets in the place of their imports. An import of something else stays.
func (s snippets) expand(list []directive) []directive {
	budget := maxExpanded
	return s.expandWithin(list, nil, nil, &budget)
}

func (s snippets) expandWithin(list []directive, via *directive, inside []string, budget *int) []directive {
	var out []directive
	for _, d := range list {
		if len(inside) > 0 {
			*budget--
		}
		if *budget < 0 {
			return out
		}
		if name, ok := d.imported(); ok {
			if p, defined := s[name]; defined && !slices.Contains(inside, name) {
				out = append(out, s.expandWithin(directives(p.body), cmp.Or(via, &d), append(slices.Clone(inside), name), budget)...)
				continue
			}
		}
		d.body, d.via = s.expandWithin(d.body, via, inside, budget), via
		out = append(out, d)
	}
	return out
}

// imported returns what the directive imports, if it is an import: the name of a snippet, or files.
func (d directive) imported() (string, bool) {
	if d.name() == "import" && len(d.words) > 1 {
		return d.words[1], true
	}
	return "", false
}
