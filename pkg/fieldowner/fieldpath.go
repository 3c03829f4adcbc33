package fieldowner

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A step leads from a map or a list to a value in it.
type step struct {
	key    string   // of the map
	index  int      // of the list's element
	inList bool     // it is an element, not a key
	names  []string // the element's fields by which the path selects it
}

// resolve finds the value that a path names in an object, as structured-merge-diff writes paths (fieldpath.PathElement):
// .spec.containers[name="a"].image, .metadata.finalizers[="x"], .args[0]. A key may hold dots and brackets, which the path
// does not quote, so it is the object's own keys that tell where a step ends.
func resolve(path string, node any) ([]step, bool) {
	if path == "" {
		return nil, true
	}
	switch n := node.(type) {
	case map[string]any:
		for _, key := range slices.Backward(slices.Sorted(maps.Keys(n))) { // a.b before a
			rest, ok := strings.CutPrefix(path, "."+key)
			if !ok {
				continue
			}
			if steps, found := resolve(rest, n[key]); found {
				return append([]step{{key: key}}, steps...), true
			}
		}
	case []any:
		s, rest, ok := cutSelector(path)
		if !ok {
			return nil, false
		}
		for _, i := range s.candidates(n) {
			if steps, found := resolve(rest, n[i]); found {
				return append([]step{{index: i, inList: true, names: s.names()}}, steps...), true
			}
		}
	}
	return nil, false
}

// valueAt returns the value that steps lead to.
func valueAt(node any, steps []step) any {
	for _, s := range steps {
		switch n := node.(type) {
		case map[string]any:
			node = n[s.key]
		case []any:
			node = n[s.index]
		}
	}
	return node
}

// without takes the value out that steps lead to, and returns what is left of the node.
func without(node any, steps []step) any {
	s, last := steps[0], len(steps) == 1
	switch n := node.(type) {
	case map[string]any:
		if last {
			delete(n, s.key)
		} else {
			n[s.key] = without(n[s.key], steps[1:])
		}
	case []any:
		if last {
			return slices.Delete(n, s.index, s.index+1)
		}
		n[s.index] = without(n[s.index], steps[1:])
	}
	return node
}

// compareSteps orders ways into an object so that the ones behind can be taken out before those in front.
func compareSteps(a, b []step) int {
	return slices.CompareFunc(a, b, func(a, b step) int {
		return cmp.Or(cmp.Compare(a.key, b.key), cmp.Compare(a.index, b.index))
	})
}

// A selector is what selects an element of a list.
type selector struct {
	index  int               // where there are no fields
	fields map[string]string // values, written as in a path; that of "" is of the element itself
}

// cutSelector takes a selector off the beginning of a path.
func cutSelector(path string) (s selector, rest string, ok bool) {
	rest, ok = strings.CutPrefix(path, "[")
	if !ok {
		return s, "", false
	}
	if number, after, found := strings.Cut(rest, "]"); found {
		if index, err := strconv.Atoi(number); err == nil {
			return selector{index: index}, after, true
		}
	}
	s.fields = map[string]string{}
	for {
		name, after, found := strings.Cut(rest, "=")
		if !found {
			return s, "", false
		}
		value, after, found := cutValue(after)
		if !found {
			return s, "", false
		}
		s.fields[name] = value
		if rest, ok = strings.CutPrefix(after, ","); !ok {
			return s, after[1:], true
		}
	}
}

// cutValue takes a value off the beginning of a text in which a comma or a bracket follows it.
func cutValue(text string) (value, rest string, ok bool) {
	if quoted, err := strconv.QuotedPrefix(text); err == nil {
		rest = text[len(quoted):]
		return quoted, rest, rest != "" && strings.Contains(",]", rest[:1])
	}
	end := strings.IndexAny(text, ",]")
	if end < 0 {
		return "", "", false
	}
	return text[:end], text[end:], true
}

// candidates returns the elements that may be meant: first those that have all the fields, then those that lack some and
// have no other value, since the server completes keys (the protocol of a port is TCP).
func (s selector) candidates(list []any) []int {
	if s.fields == nil {
		if s.index < 0 || s.index >= len(list) {
			return nil
		}
		return []int{s.index}
	}
	var whole, part []int
	for i, element := range list {
		switch equal, missing := s.compare(element); {
		case equal == len(s.fields):
			whole = append(whole, i)
		case equal > 0 && equal+missing == len(s.fields):
			part = append(part, i)
		}
	}
	return append(whole, part...)
}

// compare counts the fields that an element has as the selector says, and those that it has not.
func (s selector) compare(element any) (equal, missing int) {
	fields, isMap := element.(map[string]any)
	for name, want := range s.fields {
		value, has := fields[name]
		if name == "" && !isMap {
			value, has = element, true
		}
		switch {
		case !has:
			missing++
		case keyText(value) == want:
			equal++
		}
	}
	return equal, missing
}

// names returns the fields of the element that the selector is made of.
func (s selector) names() []string { return slices.Sorted(maps.Keys(s.fields)) }

// keyText writes a key's value as a path has it.
func keyText(v any) string {
	if s, ok := v.(string); ok {
		return strconv.Quote(s)
	}
	return fmt.Sprint(v)
}
