package manifest

import (
	"errors"
	"regexp"
	"strconv"
	"strings"
	"sync"

	yamlv3 "go.yaml.in/yaml/v3"
)

// A document is one document of a text.
type document struct {
	text    []byte
	line    int   // of the text where the document begins, from 1
	err     error // of its separator
	errLine int
	parse   sync.Once
	root    *yamlv3.Node // nil if it cannot be parsed
}

// Line returns the line (from 1) of the text where a field of the item stands, or the nearest field around it that is
// there. A path is written as in faults: spec.containers[0].ports, metadata.labels[app] or metadata.labels.app. The empty
// path is the object.
func (i Item) Line(path string) int {
	d := i.doc
	if d.errLine > 0 {
		return d.errLine
	}
	if line := errorLine(i.Err); line > 0 {
		return line
	}
	d.parse.Do(func() {
		root := &yamlv3.Node{}
		if yamlv3.Unmarshal(d.text, root) == nil && len(root.Content) == 1 {
			d.root = root.Content[0]
		}
	})
	if d.root == nil {
		return d.line
	}
	node, line := find(d.root, i.at, d.root.Line)
	_, line = find(node, path, line)
	return d.line + line - 1
}

// find walks a path from a node and returns the last node and line that are there.
func find(n *yamlv3.Node, path string, line int) (*yamlv3.Node, int) {
	for path != "" {
		if n.Kind == yamlv3.AliasNode {
			n = n.Alias
		}
		var at int
		var rest string
		switch n.Kind {
		case yamlv3.MappingNode:
			at, rest = entryOf(n, path)
		case yamlv3.SequenceNode:
			at, rest = elementOf(n, path)
		default:
			return n, line
		}
		if at < 0 {
			return n, line
		}
		line = n.Content[at].Line
		if n.Kind == yamlv3.MappingNode {
			at++
		}
		n, path = n.Content[at], rest
	}
	return n, line
}

// entryOf returns the index of the key that a path begins with, the longest one, and the rest of the path; -1 if none.
func entryOf(n *yamlv3.Node, path string) (int, string) {
	best, rest, longest := -1, "", -1
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i].Value
		if after, ok := strings.CutPrefix(path, "["+key+"]"); ok && len(key) > longest {
			best, rest, longest = i, after, len(key)
			continue
		}
		after, ok := strings.CutPrefix(strings.TrimPrefix(path, "."), key)
		if ok && (after == "" || after[0] == '.' || after[0] == '[') && len(key) > longest {
			best, rest, longest = i, after, len(key)
		}
	}
	return best, rest
}

func elementOf(n *yamlv3.Node, path string) (int, string) {
	inner, rest, ok := strings.Cut(strings.TrimPrefix(path, "["), "]")
	i, err := strconv.Atoi(inner)
	if !ok || err != nil || i < 0 || i >= len(n.Content) {
		return -1, ""
	}
	return i, rest
}

// A lineError is an error that knows its line of the text.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return e.err.Error() }
func (e *lineError) Unwrap() error { return e.err }

func errorLine(err error) int {
	var at *lineError
	if errors.As(err, &at) {
		return at.line
	}
	return 0
}

var yamlLine = regexp.MustCompile(`(?:error converting YAML to JSON: )?yaml: (?:unmarshal errors:\n\s*)?line (\d+): `)

// relocate takes the line out of an error of the YAML parser, which counts from the beginning of the document.
func (d *document) relocate(err error) error {
	text := strings.ReplaceAll(strings.ReplaceAll(err.Error(), "%!s(<nil>)", "null"), "<nil>", "null")
	m := yamlLine.FindStringSubmatchIndex(text)
	if m == nil {
		return errors.New("cannot be read: " + strings.Join(strings.Fields(text), " "))
	}
	n, _ := strconv.Atoi(text[m[2]:m[3]])
	return &lineError{line: d.line + n - 1, err: errors.New("cannot be read: " + strings.Join(strings.Fields(text[m[1]:]), " "))}
}
