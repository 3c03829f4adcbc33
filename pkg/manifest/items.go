package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf16"

	"github.com/fitout-dev/fitout/pkg/printable"

	"k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/yaml"
)

// An Item is one object of a text, or the fault of a document or list entry that holds none.
type Item struct {
	Object *Object // nil if Err is not
	Err    error
	doc    *document
	at     string // path of the object in its document: "" or items[3]
}

// Items reads the documents of a text as kubectl does (cli-runtime's StreamVisitor: a byte order mark, invalid UTF-8, JSON
// one after another, lines of --- with nothing but a comment behind them, lists whose entries have no kind), except that it
// refuses what kubectl drops in silence: a key that stands in a mapping twice, and text after the end of a document's object.
// A fault in one document does not hide those of the next. Objects may lack a name.
func Items(text []byte) []Item {
	var items []Item
	text = decodeText(text)
	if n := structure(text); n > maxStructure {
		return []Item{{doc: &document{line: 1}, Err: fmt.Errorf("has %d lines and values, more than %d, each of which takes memory; split the file", n, maxStructure)}}
	}
	for _, d := range documents(text) {
		items = append(items, d.items()...)
	}
	return items
}

// maxStructure bounds the lines and values of a text: as few as two bytes take a hundred in memory.
const maxStructure = 1_500_000

// structure counts what begins a line or a value of a text, wherever it stands.
func structure(text []byte) int {
	n := 0
	for _, b := range text {
		switch b {
		case '\n', ',', '{', '[':
			n++
		}
	}
	return n
}

// decodeText removes a byte order mark, decodes UTF-16 that begins with one, and replaces what is not UTF-8.
func decodeText(text []byte) []byte {
	if rest, ok := bytes.CutPrefix(text, []byte("\xEF\xBB\xBF")); ok {
		text = rest
	}
	little, big := bytes.HasPrefix(text, []byte{0xFF, 0xFE}), bytes.HasPrefix(text, []byte{0xFE, 0xFF})
	if !little && !big {
		return bytes.ToValidUTF8(text, []byte("\uFFFD"))
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 2; i+1 < len(text); i += 2 {
		high, low := text[i], text[i+1]
		if little {
			high, low = low, high
		}
		units = append(units, uint16(high)<<8|uint16(low))
	}
	return []byte(string(utf16.Decode(units)))
}

// documents splits a text. JSON objects may follow one another without a separator.
func documents(text []byte) []*document {
	var all []*document
	line := 1
	if trimmed := bytes.TrimSpace(text); len(trimmed) > 0 && trimmed[0] == '{' {
		decoder := json.NewDecoder(bytes.NewReader(text))
		used := 0
		for {
			var raw json.RawMessage
			if err := decoder.Decode(&raw); errors.Is(err, io.EOF) {
				return all
			} else if err != nil {
				break
			}
			end := int(decoder.InputOffset())
			start := end - len(raw)
			line += bytes.Count(text[used:start], []byte("\n"))
			all = append(all, &document{text: raw, line: line})
			line += bytes.Count(raw, []byte("\n"))
			used = end
		}
		text = text[used:]
	}
	return append(all, yamlDocuments(text, line)...)
}

// yamlDocuments splits YAML at lines that begin with --- and at those that are the end marker.
func yamlDocuments(text []byte, line int) []*document {
	var all []*document
	current := &document{line: line}
	for content := range bytes.Lines(text) {
		line++
		rest, separator := bytes.CutPrefix(content, []byte("---"))
		if rest = bytes.TrimSpace(rest); separator && len(rest) > 0 && rest[0] != '#' {
			current.err = fmt.Errorf("has the separator %q; put nothing but a comment behind ---", printable.Cut(string(bytes.TrimSpace(content)), shownBytes))
			current.errLine = line - 1
			continue
		}
		if separator || isMarker(content) {
			all = append(all, current)
			current = &document{line: line}
			continue
		}
		current.text = append(current.text, content...)
	}
	return append(all, current)
}

// shownBytes bounds what an error shows of a text.
const shownBytes = 80

func (d *document) items() []Item {
	fail := func(err error) []Item { return []Item{{Err: err, doc: d}} }
	if d.err != nil {
		return fail(d.err)
	}
	if len(bytes.TrimSpace(d.text)) == 0 {
		return nil
	}
	content, err := d.content()
	if err != nil {
		return fail(err)
	}
	if content == nil {
		return nil
	}
	fields, ok := content.(map[string]any)
	if !ok {
		return fail(errors.New("is not an object with apiVersion, kind and metadata; is this a manifest?"))
	}
	if err := identified(fields); err != nil {
		return fail(err)
	}
	o := &Object{Object: fields}
	entries, isList := fields["items"].([]any)
	if o.GetKind() == "List" && fields["items"] == nil {
		return nil
	}
	if !isList || !strings.HasSuffix(o.GetKind(), "List") {
		return []Item{{Object: o, doc: d}}
	}
	return d.entries(o, entries)
}

// entries takes a list apart. Entries without apiVersion and kind have those of the list, without List.
func (d *document) entries(list *Object, entries []any) []Item {
	var items []Item
	for i, entry := range entries {
		item := Item{doc: d, at: fmt.Sprintf("items[%d]", i)}
		fields, ok := entry.(map[string]any)
		if entry == nil {
			fields, ok = map[string]any{}, true
		}
		if ok && fields["apiVersion"] == nil && fields["kind"] == nil {
			fields["apiVersion"], fields["kind"] = list.GetAPIVersion(), strings.TrimSuffix(list.GetKind(), "List")
		}
		if !ok {
			item.Err = fmt.Errorf("%s is not an object with apiVersion, kind and metadata", item.at)
		} else if err := identified(fields); err != nil {
			item.Err = fmt.Errorf("%s: %w", item.at, err)
		} else if o := (&Object{Object: fields}); o.GetKind() == "List" {
			item.Err = fmt.Errorf("%s is a List in a List, which kubectl refuses; list the objects themselves", item.at)
		} else {
			item.Object = o
		}
		items = append(items, item)
	}
	return items
}

// content decodes a document into what JSON has.
func (d *document) content() (any, error) {
	text := d.text
	if json.Valid(text) {
		var compact bytes.Buffer
		if err := json.Compact(&compact, text); err != nil {
			return nil, err
		}
		text = withoutPairs(compact.Bytes()) // JSON is YAML but for the tabs that may indent it, and for such escapes
	} else if err := endsWhereItSeems(text); err != nil {
		return nil, err
	}
	text, err := yaml.YAMLToJSONStrict(text)
	if err != nil {
		if err = d.relocate(err); bytes.Contains(d.text, []byte("{{")) {
			err = fmt.Errorf("%w; is it a template? Render it first, with helm template or what it is for", err)
		}
		return nil, err
	}
	var content any
	return content, utiljson.Unmarshal(text, &content)
}

// surrogate is an escape of JSON that stands for half a character.
var surrogate = regexp.MustCompile(`(\\\\)|(\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2})|\\u[dD][89a-fA-F][0-9a-fA-F]{2}`)

// withoutPairs replaces the escapes of JSON that stand for halves of a character by the character itself, as JSON is read: YAML has
// none of them. A half alone is read as an unknown character.
func withoutPairs(text []byte) []byte {
	return surrogate.ReplaceAllFunc(text, func(escape []byte) []byte {
		var character string
		if bytes.HasPrefix(escape, []byte(`\\`)) || json.Unmarshal([]byte(`"`+string(escape)+`"`), &character) != nil {
			return escape // a backslash, whatever follows it
		}
		return []byte(character)
	})
}

// identified checks that an object says what it is.
func identified(fields map[string]any) error {
	for _, field := range []string{"apiVersion", "kind"} {
		switch value := fields[field].(type) {
		case nil:
			for key := range fields {
				if strings.EqualFold(key, field) {
					return fmt.Errorf("has no %s; write it so, in place of %s", field, key)
				}
			}
			return fmt.Errorf("has no %s; is this a manifest?", field)
		case string:
			if value == "" {
				return fmt.Errorf("has no %s; is this a manifest?", field)
			}
		case []any, map[string]any:
			return fmt.Errorf("%s is %v, which is not a string; write one name alone", field, printable.Cut(fmt.Sprint(value), shownBytes))
		default:
			return fmt.Errorf("%s is %v, which is not a string; put it in quotes", field, printable.Cut(fmt.Sprint(value), shownBytes))
		}
	}
	if _, err := schema.ParseGroupVersion(fields["apiVersion"].(string)); err != nil {
		return fmt.Errorf("apiVersion: %w; write it as group/version", err)
	}
	return nil
}
