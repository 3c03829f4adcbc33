package fieldowner

import (
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/util/json"
	"k8s.io/apimachinery/pkg/util/strategicpatch"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// fieldsOf returns the fields of a record, an object as JSON of the kind of another one: its contents, labels and annotations.
func fieldsOf(o *manifest.Object, record []byte) *fieldpath.Set {
	var content map[string]any
	if json.Unmarshal(record, &content) != nil {
		return fieldpath.NewSet()
	}
	return contentsOf(o, content)
}

// contentsOf returns the fields of the content of an object that is of the kind of another one. Elements of a list count as fields
// of their own where each side may have some, as in managed fields; any other list counts as one.
func contentsOf(o *manifest.Object, content map[string]any) *fieldpath.Set {
	content = maps.Clone(content)
	for _, top := range []string{"apiVersion", "kind", "status"} {
		delete(content, top)
	}
	if metadata, isMap := content["metadata"].(map[string]any); isMap {
		content["metadata"] = map[string]any{"labels": metadata["labels"], "annotations": metadata["annotations"]}
	}
	set := fieldpath.NewSet()
	insertFields(set, nil, howObjectsMerge(o), content)
	return set
}

// insertFields inserts the fields of a map that stands at a path.
func insertFields(set *fieldpath.Set, at fieldpath.Path, meta strategicpatch.LookupPatchMeta, fields map[string]any) {
	for key, value := range fields {
		here := append(at.Copy(), fieldpath.PathElement{FieldName: &key})
		switch v := value.(type) {
		case nil:
		case map[string]any:
			how := howMerged(meta, key, false)
			if len(v) == 0 || how.atomic {
				set.Insert(here)
				continue
			}
			insertFields(set, here, how.next, v)
		case []any:
			insertElements(set, here, howMerged(meta, key, true), v)
		default:
			set.Insert(here)
		}
	}
}

// insertElements inserts the elements of a list, or the list as a whole.
func insertElements(set *fieldpath.Set, at fieldpath.Path, how manner, list []any) {
	if !how.byElement || len(list) == 0 || slices.ContainsFunc(list, func(e any) bool { _, ok := how.pathElement(e); return !ok }) {
		set.Insert(at)
		return
	}
	for _, e := range list {
		element, _ := how.pathElement(e)
		here := append(at.Copy(), element)
		set.Insert(here)
		if fields, isMap := e.(map[string]any); isMap {
			insertFields(set, here, how.next, fields)
		}
	}
}

// pathElement names an element of a list as managed fields do.
func (how manner) pathElement(element any) (e fieldpath.PathElement, ok bool) {
	fields, isMap := element.(map[string]any)
	if !isMap || how.key == "" {
		if isMap {
			return e, false
		}
		v := value.NewValueInterface(element)
		return fieldpath.PathElement{Value: &v}, true
	}
	if fields[how.key] == nil {
		return e, false
	}
	keys := value.FieldList{{Name: how.key, Value: value.NewValueInterface(fields[how.key])}}
	switch how.key {
	case "containerPort", "port":
		protocol := fields["protocol"]
		if protocol == nil {
			protocol = "TCP"
		}
		keys = append(keys, value.Field{Name: "protocol", Value: value.NewValueInterface(protocol)})
	case "topologyKey":
		keys = append(keys, value.Field{Name: "whenUnsatisfiable", Value: value.NewValueInterface(fields["whenUnsatisfiable"])})
	}
	return fieldpath.PathElement{Key: &keys}, true
}

// part returns the part of a value that a set of fields names.
func part(node any, set *fieldpath.Set) any {
	switch n := node.(type) {
	case map[string]any:
		out := map[string]any{}
		for key, v := range n {
			e := fieldpath.PathElement{FieldName: &key}
			if inside, has := set.Children.Get(e); has {
				out[key] = part(v, inside)
			} else if set.Members.Has(e) {
				out[key] = v
			}
		}
		return out
	case []any:
		return partOfList(n, set)
	}
	return node
}

// partOfList returns those elements of a list that a set names, each with its keys.
func partOfList(list []any, set *fieldpath.Set) []any {
	out := []any{}
	for _, element := range list {
		inside, named := fieldpath.NewSet(), false
		take := func(e fieldpath.PathElement) {
			if !selects(e, element) {
				return
			}
			named = true
			if child, has := set.Children.Get(e); has {
				inside = inside.Union(child)
			}
			if e.Key != nil {
				for _, k := range *e.Key {
					inside.Insert(fieldpath.Path{{FieldName: &k.Name}})
				}
			}
		}
		set.Members.Iterate(take)
		set.Children.Iterate(take)
		if named {
			out = append(out, part(element, inside))
		}
	}
	return out
}

// selects reports whether an element of a list is the one that a part of a path names.
func selects(e fieldpath.PathElement, element any) bool {
	switch {
	case e.Key != nil:
		return hasKeys(element, *e.Key)
	case e.Value != nil:
		return keyText(element) == keyText((*e.Value).Unstructured())
	}
	return false
}
