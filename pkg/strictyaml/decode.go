// Package strictyaml decodes one YAML document into a Go struct and reports every fault of it at once, each with file,
// line, field path, what was found and what would be right. It is the reader of all of Fitout's own formats: the cluster
// file, addon.yaml and the bundles.
//
// The struct is described by its tags: json (the field's name), doc (one line of documentation), default, enum (allowed
// values, comma separated), required ("true"). Supported field types are string, bool, *bool, int, structs, slices and
// string-keyed maps of these, and map[string]any for free-form values.
package strictyaml

import (
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	"go.yaml.in/yaml/v3"
)

// Lines maps a field path (network.podCIDR, patches[0].target) to the line where it stands, counted from 1.
type Lines map[string]int

// Read reads at most MaxBytes from r and decodes them. See Decode.
func Read(file string, r io.Reader, into any) (Lines, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return Decode(file, data, into)
}

// Decode decodes the one document in data into the struct that into points to. The error is a Faults with every fault
// found. Fields that are absent keep the value that they have; see SetDefaults.
func Decode(file string, data []byte, into any) (Lines, error) {
	root, fault := document(file, data)
	if fault != nil {
		return nil, Faults{*fault}
	}
	d := decoder{file: file, lines: Lines{}}
	d.value(root, reflect.ValueOf(into).Elem(), "", nil)
	return d.lines, d.faults.ErrorOrNil()
}

type decoder struct {
	file   string
	lines  Lines
	faults Faults
}

func (d *decoder) fault(n *yaml.Node, path, problem, remedy string) {
	d.faults = append(d.faults, Fault{File: d.file, Line: n.Line, Field: path, Problem: problem, Remedy: remedy})
}

// value decodes node n into v. enum holds the allowed values of a string, if they are limited.
func (d *decoder) value(n *yaml.Node, v reflect.Value, path string, enum []string) {
	if path != "" {
		d.lines[path] = n.Line
	}
	n = target(n)
	if null(n) { // as if it were absent; of a structure, as if every field were
		if v.Kind() == reflect.Struct {
			d.missing(n, v.Type(), path, nil)
		}
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		d.structure(n, v, path)
	case reflect.Map:
		d.mapping(n, v, path)
	case reflect.Slice:
		d.list(n, v, path)
	case reflect.Pointer:
		elem := reflect.New(v.Type().Elem())
		before := len(d.faults)
		d.value(n, elem.Elem(), path, enum)
		if len(d.faults) == before {
			v.Set(elem)
		}
	case reflect.Interface:
		if x := d.free(n, path); x != nil {
			v.Set(reflect.ValueOf(x))
		}
	default:
		d.scalar(n, v, path, enum)
	}
}

// entries calls each for every entry of mapping n. It reports keys that are no text, merge keys, and keys that stand there
// twice, and leaves them out.
func (d *decoder) entries(n *yaml.Node, path string, each func(key, val *yaml.Node, at string)) {
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, val := target(n.Content[i]), n.Content[i+1]
		at := Join(path, key.Value)
		switch {
		case key.Kind != yaml.ScalarNode:
			d.fault(key, path, "has a key that is "+describe(key), "give a string")
		case key.Tag == "!!merge":
			d.fault(key, at, "is a merge key", "write out the fields that it stands for")
		case seen[key.Value]:
			d.fault(key, at, "stands here a second time", "keep one of the two")
		default:
			each(key, val, at)
			d.lines[at] = n.Content[i].Line
		}
		seen[key.Value] = true
	}
}

func (d *decoder) structure(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "is "+describe(n), "give a mapping of its fields: "+strings.Join(fieldNames(v.Type()), ", "))
		return
	}
	given := map[string]bool{}
	d.entries(n, path, func(key, val *yaml.Node, at string) {
		index, ok := fieldIndex(v.Type(), key.Value)
		if !ok {
			d.fault(key, at, "is not a field of this format", Suggest(key.Value, fieldNames(v.Type())))
			return
		}
		given[key.Value] = !null(val)
		d.value(val, v.Field(index), at, enumOf(v.Type().Field(index)))
	})
	d.missing(n, v.Type(), path, given)
}

// missing reports the required fields of a structure that are not given.
func (d *decoder) missing(n *yaml.Node, t reflect.Type, path string, given map[string]bool) {
	for i := range t.NumField() {
		f := t.Field(i)
		if f.Tag.Get("required") == "true" && !given[jsonName(f)] {
			d.fault(n, Join(path, jsonName(f)), "is missing", "add it: "+f.Tag.Get("doc"))
		}
	}
}

func (d *decoder) mapping(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.fault(n, path, "is "+describe(n), "give a mapping")
		return
	}
	m := reflect.MakeMap(v.Type())
	d.entries(n, path, func(key, val *yaml.Node, at string) {
		elem := reflect.New(v.Type().Elem()).Elem()
		d.value(val, elem, at, nil)
		m.SetMapIndex(reflect.ValueOf(key.Value), elem)
	})
	v.Set(m)
}

func (d *decoder) list(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.SequenceNode {
		d.fault(n, path, "is "+describe(n), "give a list")
		return
	}
	s := reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content))
	for i, c := range n.Content {
		at := fmt.Sprintf("%s[%d]", path, i)
		if null(c) {
			d.fault(c, at, "is empty", "give a value, or remove the entry")
			continue
		}
		d.value(c, s.Index(i), at, nil)
	}
	v.Set(s)
}

func (d *decoder) scalar(n *yaml.Node, v reflect.Value, path string, enum []string) {
	if v.Kind() == reflect.String && n.Kind == yaml.ScalarNode {
		d.text(n, v, path, enum)
		return
	}
	// The tag is checked because yaml would also take "yes" for true and 80.0 for 80.
	want := map[reflect.Kind]string{reflect.Bool: "!!bool", reflect.Int: "!!int"}[v.Kind()]
	if n.Tag == "!!int" && d.ambiguous(n, path, "write a decimal number") {
		return
	}
	if n.Kind != yaml.ScalarNode || n.Tag != want || n.Decode(v.Addr().Interface()) != nil {
		d.fault(n, path, "is "+describe(n), "give "+kindName(v.Kind()))
	}
}

// text decodes a string. A number is taken as it is written, so that kubernetesVersion: 1.30 is not 1.3.
func (d *decoder) text(n *yaml.Node, v reflect.Value, path string, enum []string) {
	switch {
	case len(enum) > 0 && !slices.Contains(enum, n.Value):
		d.fault(n, path, fmt.Sprintf("is %q", Clip(n.Value)), Suggest(n.Value, enum))
	case d.ambiguous(n, path, "write it in quotes"):
	case n.Tag == "!!bool":
		d.fault(n, path, "is "+describe(n), "give a string (in quotes)")
	default:
		v.SetString(n.Value)
	}
}

// free decodes a value of any shape into what JSON has. Keys are strings, and dates stay as they are written.
func (d *decoder) free(n *yaml.Node, path string) any {
	d.lines[path] = n.Line
	n = target(n)
	switch n.Kind {
	case yaml.MappingNode:
		m := map[string]any{}
		d.entries(n, path, func(key, val *yaml.Node, at string) { m[key.Value] = d.free(val, at) })
		return m
	case yaml.SequenceNode:
		list := make([]any, len(n.Content))
		for i, c := range n.Content {
			list[i] = d.free(c, fmt.Sprintf("%s[%d]", path, i))
		}
		return list
	}
	if d.ambiguous(n, path, "write a decimal number, true or false, or a string in quotes") {
		return nil
	}
	switch n.Tag {
	case "!!null":
		return nil
	case "!!bool", "!!int", "!!float":
		var x any
		err := n.Decode(&x)
		if f, isFloat := x.(float64); err != nil || isFloat && (math.IsNaN(f) || math.IsInf(f, 0)) {
			d.fault(n, path, "is "+describe(n), "give a value that JSON has")
			return nil
		}
		return x
	}
	return n.Value
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Tag == "!!int" || n.Tag == "!!float":
		return "the number " + shown(n.Value)
	case n.Tag == "!!bool":
		return "the boolean " + shown(n.Value)
	}
	return fmt.Sprintf("the string %q", Clip(n.Value))
}

func kindName(k reflect.Kind) string {
	switch k {
	case reflect.Bool:
		return "true or false"
	case reflect.Int:
		return "a whole number"
	}
	return "a string"
}

// Join is the path of a field, as faults and Lines have it. A name is clipped, and made printable.
func Join(path, name string) string {
	if path == "" {
		return shown(name)
	}
	return path + "." + shown(name)
}

// shown is s on one line, clipped.
func shown(s string) string {
	if s == "" {
		return `""`
	}
	return printable.Line(Clip(s))
}
