package diff

import (
	"fmt"
	"regexp"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
)

// secretName is a word of the names that credentials have.
const secretName = `(?i:token|passw|passphrase|secret|credential|api-?_?key|access-?_?key|private-?_?key|authorization|bearer)`

// credentials find in an argument what looks like one: what stands behind a name for it (--token=X, PASSWORD=X, "Authorization:
// Bearer X"), in a URL before the @, and alone as a JSON web token or a text of letters of both cases and digits.
var credentials = []*regexp.Regexp{
	regexp.MustCompile(`[\w.-]*` + secretName + `[\w.-]*['"]?(?:\s*[=:]\s*|\s+)(?:(?i:bearer|basic|token)\s+)?['"]?([^\s'"]+)`),
	regexp.MustCompile(`://([^/@\s]+)@`),
	regexp.MustCompile(`\b(eyJ[\w.-]{16,})`),
	regexp.MustCompile(`^(?:-{1,2}[\w.-]+=)?([A-Za-z0-9+/_=-]{20,})$`),
}

var namesSecret = regexp.MustCompile(`^-{1,2}[\w.-]*` + secretName + `[\w.-]*$`)

// classes are what an argument that is nothing but a text must have, all of them, to look like a credential.
var classes = []*regexp.Regexp{regexp.MustCompile(`[a-z]`), regexp.MustCompile(`[A-Z]`), regexp.MustCompile(`[0-9]`)}

// hideArguments replaces what looks like a credential in the commands and arguments of containers, but for those that the bundle
// has: a patch may have put it there.
func hideArguments(after, before, bundled *manifest.Object) {
	now, then, own := arguments(after), arguments(before), arguments(bundled)
	nowFound, thenFound := secretsIn(now), secretsIn(then)
	replace := func(lists map[string][]any, found, other map[string]string, changed string) {
		for path, list := range lists {
			for i, argument := range list {
				text, isText := argument.(string)
				if !isText || slices.Contains(own[path], argument) {
					continue
				}
				list[i] = withoutSecrets(list, i, text, func(name string) string {
					value, inBoth := other[path+"\x00"+name]
					return mark(found[path+"\x00"+name], value, inBoth, changed)
				})
			}
		}
	}
	replace(now, nowFound, thenFound, latter)
	replace(then, thenFound, nowFound, former)
}

// arguments returns the commands and arguments wherever they stand in an object, by path.
func arguments(o *manifest.Object) map[string][]any {
	all := map[string][]any{}
	if o != nil {
		collectArguments(all, o.Object, "")
	}
	return all
}

func collectArguments(all map[string][]any, v any, path string) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			if list, isList := value.([]any); isList && (key == "args" || key == "command") {
				all[path+"/"+key] = list
				continue
			}
			collectArguments(all, value, path+"/"+key)
		}
	case []any:
		for i, element := range v {
			collectArguments(all, element, path+"/"+nameOf(element, i))
		}
	}
}

// secretsIn returns what looks like a credential, by the path of its list and what stands before it.
func secretsIn(lists map[string][]any) map[string]string {
	found := map[string]string{}
	for path, list := range lists {
		for i, argument := range list {
			if text, isText := argument.(string); isText {
				for _, at := range secretsOf(list, i, text) {
					found[path+"\x00"+nameAt(list, i, text, at)] = text[at[0]:at[1]]
				}
			}
		}
	}
	return found
}

// withoutSecrets returns an argument with marks for what looks like a credential.
func withoutSecrets(list []any, i int, text string, mark func(name string) string) string {
	spans := secretsOf(list, i, text)
	out := text
	for _, at := range slices.Backward(spans) {
		out = out[:at[0]] + mark(nameAt(list, i, text, at)) + out[at[1]:]
	}
	return out
}

// nameAt tells a credential by what stands before it: in its argument, or the argument before.
func nameAt(list []any, i int, text string, at [2]int) string {
	if at[0] == 0 && i > 0 {
		return fmt.Sprint(list[i-1])
	}
	return text[:at[0]]
}

// secretsOf returns where an argument of a list has what looks like a credential, in order and without overlaps.
func secretsOf(list []any, i int, text string) [][2]int {
	if i > 0 && text != "" {
		if before, isText := list[i-1].(string); isText && namesSecret.MatchString(before) {
			return [][2]int{{0, len(text)}}
		}
	}
	var spans [][2]int
	for n, pattern := range credentials {
		for _, m := range pattern.FindAllStringSubmatchIndex(text, -1) {
			value := text[m[2]:m[3]]
			if n == len(credentials)-1 && slices.ContainsFunc(classes, func(c *regexp.Regexp) bool { return !c.MatchString(value) }) {
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
