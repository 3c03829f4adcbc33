// Package credential finds in values what looks like a credential, so that it is not shown.
package credential

import (
	"regexp"
	"slices"
	"strings"
)

// Hidden stands for a credential.
const Hidden = "(hidden)"

// secretName is a word of the names that credentials have.
const secretName = `(?i:token|passw|passphrase|secret|credential|api-?_?key|access-?_?key|private-?_?key|authorization|bearer|cookie)`

// patterns find what stands behind a name for a credential (--token=X, PASSWORD=X, "Authorization: Bearer X"), in a URL before
// the @, and alone as a JSON web token or a text of letters of both cases and digits.
var patterns = []*regexp.Regexp{
	regexp.MustCompile(`[\w.-]*` + secretName + `[\w.-]*['"]?(?:\s*[=:]\s*|\s+)(?:(?i:bearer|basic|token)\s+)?['"]?([^\s'"]+)`),
	regexp.MustCompile(`://([^/@\s]+)@`),
	regexp.MustCompile(`\b(eyJ[\w.-]{16,})`),
	regexp.MustCompile(`^(?:-{1,2}[\w.-]+=)?([A-Za-z0-9+/_=-]{20,})$`),
}

var (
	namesFlag  = regexp.MustCompile(`^-{1,2}[\w.-]*` + secretName + `[\w.-]*$`)
	namesValue = regexp.MustCompile(`^[\w.-]*` + secretName + `[\w.-]*$`)
)

// classes are what a text that is nothing but a text must have, all of them, to look like a credential.
var classes = []*regexp.Regexp{regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`[0-9]`)}

// Names reports whether a name is that of a credential: of a header, say.
func Names(name string) bool { return namesValue.MatchString(name) }

// In returns where the element of a list has what looks like a credential, in order and without overlaps: a flag for one may
// stand before it.
func In(list []any, i int) [][2]int {
	text, _ := list[i].(string)
	if i > 0 && text != "" {
		if before, isText := list[i-1].(string); isText && namesFlag.MatchString(before) {
			return [][2]int{{0, len(text)}}
		}
	}
	var spans [][2]int
	for n, pattern := range patterns {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			value := text[m[2]:m[3]]
			if n == len(patterns)-1 && slices.ContainsFunc(classes, func(c *regexp.Regexp) bool { return !c.MatchString(value) }) {
				continue
			}
			if !slices.ContainsFunc(spans, func(s [2]int) bool { return m[2] < s[1] && s[0] < m[3] }) {
				spans = append(spans, [2]int{m[2], m[3]})
			}
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	return spans
}

// Hide returns a copy of a value, as JSON has it, without what looks like a credential.
func Hide(v any) any {
	switch v := v.(type) {
	case string:
		return inText([]any{v}, 0)
	case []any:
		out := make([]any, len(v))
		for i, element := range v {
			if out[i] = Hide(element); isText(element) {
				out[i] = inText(v, i)
			}
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		name, _ := v["name"].(string)
		for key, value := range v {
			out[key] = Hide(value)
			if isText(value) && (key == "value" && Names(name) || key != "secretName" && Names(key)) {
				out[key] = Hidden
			}
		}
		return out
	}
	return v
}

func isText(v any) bool { _, is := v.(string); return is }

func inText(list []any, i int) string {
	out := list[i].(string)
	for _, at := range slices.Backward(In(list, i)) {
		out = out[:at[0]] + Hidden + out[at[1]:]
	}
	return out
}

// HideAt is Hide for the value of a field at a path: its name may be that of a credential.
func HideAt(path string, v any) any {
	name := path[strings.LastIndex(path, ".")+1:]
	if isText(v) && name != "secretName" && Names(name) {
		return Hidden
	}
	return Hide(v)
}
