// Package printable makes text that somebody else wrote safe to print: what a terminal would obey, what hides or reorders
// text, and what would begin a line of its own is shown as an escape. Every printer uses it.
//
// Escaped are all runes that unicode.IsPrint refuses (controls of C0 and C1, DEL, bidirectional and other format
// characters, line and paragraph separators, private use, spaces other than U+0020), and those that Unicode tells programs
// to ignore (fillers, variation selectors, tags). A byte that is not UTF-8 is shown as \x9b.
package printable

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what is printed of one text. The rest is counted.
const (
	MaxLine  = 4096 // bytes of a line
	MaxLines = 200  // lines of a text
)

// userOfURL is what a URL has before its host: often a password.
var userOfURL = regexp.MustCompile(`://[^/@\s"']+@`)

// Line returns s as one line of at most about MaxLine bytes. A line break is shown as \n, a tab as a space. What it has made it
// leaves as it is. The password of a URL, and whose it is, is hidden.
func Line(s string) string {
	if strings.Contains(s, "://") {
		s = userOfURL.ReplaceAllString(s, "://(hidden)@")
	}
	const more = 40 // at least what the count of the rest takes
	if len(s) <= MaxLine+more && !strings.ContainsFunc(s, func(r rune) bool { return r == utf8.RuneError || !visible(r) }) {
		return s
	}
	var out strings.Builder
	for at := 0; at < len(s); {
		text, size := next(s[at:], "")
		if out.Len()+len(text) > MaxLine {
			return fmt.Sprintf("%s… (%d bytes more)", out.String(), len(s)-at)
		}
		out.WriteString(text)
		at += size
	}
	return out.String()
}

// Lines returns the lines of a text that may have several, each as Line does, and at most MaxLines of them. White space at
// the end of a line is left out, and so are empty lines at the end of the text.
func Lines(s string) []string {
	lines := strings.Split(strings.TrimRight(s, " \t\r\n"), "\n")
	more := len(lines) - MaxLines
	if more > 0 {
		lines = lines[:MaxLines]
	}
	for i, line := range lines {
		lines[i] = Line(strings.TrimRight(line, " \t\r"))
	}
	if more > 0 {
		lines = append(lines, fmt.Sprintf("… (%d lines more)", more))
	}
	return lines
}

// Text returns a whole output, whose line breaks and tabs are the printer's own. What it escapes in a string of JSON whose
// control characters are escaped already, it escapes as YAML does.
func Text(s string) string {
	if safe(s) {
		return s
	}
	var out strings.Builder
	for at := 0; at < len(s); {
		text, size := next(s[at:], "\n\t")
		out.WriteString(text)
		at += size
	}
	return out.String()
}

// safe reports whether a text is ASCII without controls other than line breaks and tabs, as most are.
func safe(s string) bool {
	for i := range len(s) {
		if b := s[i]; b >= utf8.RuneSelf || b < ' ' && b != '\n' && b != '\t' || b == 0x7f {
			return false
		}
	}
	return true
}

// next returns how the first rune of a text is shown, and its size in bytes. Runes of keep are shown as they are.
func next(s, keep string) (text string, size int) {
	r, size := utf8.DecodeRuneInString(s)
	switch {
	case r == utf8.RuneError && size == 1:
		return fmt.Sprintf(`\x%02x`, s[0]), size
	case visible(r) || strings.ContainsRune(keep, r):
		return s[:size], size
	case r == '\t':
		return " ", size
	case r == '\n':
		return `\n`, size
	case r == '\r':
		return `\r`, size
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r), size
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r), size
	}
	return fmt.Sprintf(`\u%04x`, r), size
}

// visible reports whether a rune is drawn where it stands and does nothing else.
func visible(r rune) bool {
	return unicode.IsPrint(r) && !unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector)
}
