package corefile

import (
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"
)

// writable reports the first character of a part of a Corefile, from one byte to another, that YAML does not have: an object
// that holds it could not be applied (YAML 1.2, 5.1; go.yaml.in/yaml, readerc.go).
func writable(source string, from, to int) error {
	for at := from; at < to; {
		r, size := utf8.DecodeRuneInString(source[at:])
		if r == utf8.RuneError && size == 1 || !inYAML(r) {
			what := fmt.Sprintf("the character U+%04X", r)
			if r == utf8.RuneError {
				what = fmt.Sprintf(`the byte \x%02x, which is not UTF-8,`, source[at])
			}
			return fmt.Errorf("line %d: holds %s that no ConfigMap can be applied with; remove it", 1+strings.Count(source[:at], "\n"), what)
		}
		at += size
	}
	return nil
}

func inYAML(r rune) bool {
	switch {
	case r == '\t', r == '\n', r == '\r', r == 0x85:
		return true
	case r < ' ', r >= 0x7f && r < 0xa0, r == 0xfeff, r == 0xfffe, r == 0xffff:
		return false
	}
	return true
}

// CheckDirectives reports why a text is not what one server block may hold: plugins with their options. The text may come from a
// value that stands in a block after other plugins; it must not close that block, nor leave one open.
func CheckDirectives(text string) error {
	tokens, err := lex(text)
	if err != nil {
		return err
	}
	var open []token
	for i, t := range tokens {
		switch {
		case t.text == "{" && i == 0:
			return errors.New("line 1: { without a plugin before it; name the plugin")
		case t.text == "{":
			open = append(open, t)
		case t.text == "}" && len(open) == 0:
			return fmt.Errorf("line %d: } closes the server block that the text stands in; remove it", t.line)
		case t.text == "}":
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		return fmt.Errorf("line %d: { is not closed; close it", open[len(open)-1].line)
	}
	parts, err := parse(". {\n" + text + "\n}\n")
	if err == nil && (len(parts) != 1 || parts[0].bare) {
		err = errors.New("is more than one server block holds; give plugins alone")
	}
	return err
}
