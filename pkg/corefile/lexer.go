package corefile

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A token is a word of a Corefile, as CoreDNS reads it (github.com/coredns/caddy, caddyfile/lexer.go): words are parted by
// blanks, a word that begins with a quote ends with one, and # begins a comment: to the end of the line, but within a word
// only to the end of the word. A quoted brace is a brace to CoreDNS, too, if it is all that is in the quotes.
type token struct {
	text       string
	start, end int  // bytes of the source, quotes included
	line       int  // counted from 1
	begins     bool // its line
	breaks     int  // line breaks in it
}

// last returns the line on which the token ends.
func (t token) last() int { return t.line + t.breaks }

// lex cuts a Corefile into its words.
func lex(source string) ([]token, error) {
	var tokens []token
	line, last := 1, 0 // the line, and that on which the word before ended
	for at := len(source) - len(strings.TrimPrefix(source, byteOrderMark)); at < len(source); {
		char, size := utf8.DecodeRuneInString(source[at:])
		switch {
		case char == '\n':
			line++
			at++
		case unicode.IsSpace(char):
			at += size
		case char == '#':
			at += lengthOfLine(source[at:])
		default:
			t := token{start: at, line: line, begins: line > last}
			var ok bool
			if t.text, t.end, ok = word(source, at); !ok {
				return nil, fmt.Errorf("line %d: the quote is not closed; close it", line)
			}
			t.breaks = strings.Count(source[at:t.end], "\n")
			line = t.last()
			at, last = t.end, line
			tokens = append(tokens, t)
		}
	}
	return tokens, nil
}

// word reads the word that begins at a place of the source.
func word(source string, at int) (text string, end int, ok bool) {
	if source[at] == '"' {
		return quotedWord(source, at+1)
	}
	end = len(source)
	if i := strings.IndexFunc(source[at:], func(c rune) bool { return c != '\r' && unicode.IsSpace(c) }); i >= 0 {
		end = at + i
	}
	text, _, _ = strings.Cut(source[at:end], "#")
	return strings.ReplaceAll(text, "\r", ""), end, true
}

// quotedWord reads on from behind the opening quote. Only quotes can be escaped.
func quotedWord(source string, at int) (text string, end int, ok bool) {
	var out strings.Builder
	for escaped := false; at < len(source); at++ {
		c := source[at]
		switch {
		case !escaped && c == '\\':
			escaped = true
			continue
		case !escaped && c == '"':
			return out.String(), at + 1, true
		case escaped && c != '"':
			out.WriteByte('\\')
		}
		out.WriteByte(c)
		escaped = false
	}
	return "", 0, false
}

// lengthOfLine returns how far it is to the end of the line.
func lengthOfLine(text string) int {
	if i := strings.IndexByte(text, '\n'); i >= 0 {
		return i
	}
	return len(text)
}
