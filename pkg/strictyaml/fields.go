package strictyaml

import (
	"reflect"
	"strconv"
	"strings"
)

// A Field describes one field of a format, read from the tags of its struct. Explain texts, JSON schemas and defaults
// are all made from it.
type Field struct {
	Path     string // network.podCIDR; addons.<name>.values; patches[].target
	Name     string
	Type     string // string, boolean, integer, object, list, map, any
	Elem     string // type of the elements of a list or map
	Doc      string
	Default  string
	Enum     []string
	Required bool
	Fields   []Field // of an object, or of the elements of a list or map
}

// FieldsOf returns the fields of the struct that v is or points to, in their order.
func FieldsOf(v any) []Field {
	t := reflect.TypeOf(v)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return fields(t, "")
}

func fields(t reflect.Type, path string) []Field {
	var all []Field
	for i := range t.NumField() {
		f := t.Field(i)
		if name := jsonName(f); name != "" {
			all = append(all, field(f, Join(path, name)))
		}
	}
	return all
}

func field(f reflect.StructField, path string) Field {
	out := Field{
		Path: path, Name: jsonName(f), Doc: f.Tag.Get("doc"), Default: f.Tag.Get("default"),
		Enum: enumOf(f), Required: f.Tag.Get("required") == "true",
	}
	t := f.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	out.Type = typeName(t)
	switch t.Kind() {
	case reflect.Struct:
		out.Fields = fields(t, path)
	case reflect.Slice:
		out.Elem, path = typeName(t.Elem()), path+"[]"
	case reflect.Map:
		out.Elem, path = typeName(t.Elem()), path+".<name>"
	}
	if out.Elem == "object" {
		out.Fields = fields(t.Elem(), path)
	}
	return out
}

func typeName(t reflect.Type) string {
	switch t.Kind() {
	case reflect.Struct:
		return "object"
	case reflect.Slice:
		return "list"
	case reflect.Map:
		return "map"
	case reflect.Bool:
		return "boolean"
	case reflect.Int:
		return "integer"
	case reflect.Interface:
		return "any"
	}
	return "string"
}

// SetDefaults gives every empty field of the struct that v points to the value of its default tag. Elements of lists and
// maps keep what they have: they have no defaults.
func SetDefaults(v any) { setDefaults(reflect.ValueOf(v).Elem()) }

func setDefaults(v reflect.Value) {
	for i := range v.NumField() {
		f, tag := v.Field(i), v.Type().Field(i).Tag.Get("default")
		switch {
		case f.Kind() == reflect.Struct:
			setDefaults(f)
		case tag == "" || !f.IsZero():
		case f.Kind() == reflect.String:
			f.SetString(tag)
		case f.Kind() == reflect.Pointer:
			b, err := strconv.ParseBool(tag)
			if err != nil {
				panic("strictyaml: default of " + v.Type().Field(i).Name + ": " + err.Error())
			}
			f.Set(reflect.ValueOf(&b))
		}
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	if name == "-" {
		return ""
	}
	return name
}

func enumOf(f reflect.StructField) []string {
	if e := f.Tag.Get("enum"); e != "" {
		return strings.Split(e, ",")
	}
	return nil
}

func fieldIndex(t reflect.Type, name string) (int, bool) {
	for i := range t.NumField() {
		if jsonName(t.Field(i)) == name && name != "" {
			return i, true
		}
	}
	return 0, false
}

func fieldNames(t reflect.Type) []string {
	var names []string
	for i := range t.NumField() {
		if n := jsonName(t.Field(i)); n != "" {
			names = append(names, n)
		}
	}
	return names
}
