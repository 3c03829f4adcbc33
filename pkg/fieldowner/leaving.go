package fieldowner

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/util/json"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Leaving returns the fields of a live object that go when Fitout takes over what installers own of it: those that they set and
// that are not wanted. Where the server keeps no managed fields, what kubectl applied last tells; of what was created without
// either, nothing goes.
func Leaving(wanted, live *manifest.Object) []objectdiff.Difference {
	taken := fieldpath.NewSet()
	for _, e := range live.GetManagedFields() {
		if !IsInstaller(e) || e.FieldsV1 == nil {
			continue
		}
		if theirs, err := setOf(e); err == nil {
			taken = taken.Union(theirs.Difference(ownKeys(theirs, wanted)))
		}
	}
	if len(live.GetManagedFields()) == 0 {
		taken = appliedByKubectl(wanted, live)
	}
	var all []objectdiff.Difference
	var last string
	taken.Iterate(func(p fieldpath.Path) {
		text := strings.TrimPrefix(p.String(), ".")
		value, there := valueOf(live.Object, p)
		if _, stays := valueOf(wanted.Object, p); stays || !there || last != "" && strings.HasPrefix(text, last) {
			return
		}
		last = text
		all = append(all, objectdiff.Difference{Path: text, Got: value})
	})
	slices.SortStableFunc(all, func(a, b objectdiff.Difference) int { return strings.Compare(a.Path, b.Path) })
	return all
}

// appliedByKubectl are the fields of kubectl's record.
func appliedByKubectl(wanted, live *manifest.Object) *fieldpath.Set {
	set := fieldpath.NewSet()
	record, err := WithoutOwnKeys(KubectlApplied(live), wanted)
	var content map[string]any
	if err != nil || record == nil || json.Unmarshal(record, &content) != nil {
		return set
	}
	for _, top := range []string{"apiVersion", "kind", "metadata", "status"} {
		delete(content, top)
	}
	var walk func(at fieldpath.Path, node any)
	walk = func(at fieldpath.Path, node any) {
		m, isMap := node.(map[string]any)
		if !isMap || len(m) == 0 {
			set.Insert(at.Copy())
			return
		}
		for key, value := range m {
			walk(append(at.Copy(), fieldpath.PathElement{FieldName: &key}), value)
		}
	}
	for key, value := range content {
		walk(fieldpath.Path{{FieldName: &key}}, value)
	}
	return set
}

// valueOf returns the value at a path of managed fields.
func valueOf(node any, p fieldpath.Path) (any, bool) {
	for _, e := range p {
		switch {
		case e.FieldName != nil:
			m, isMap := node.(map[string]any)
			value, has := m[*e.FieldName]
			if !isMap || !has {
				return nil, false
			}
			node = value
		case e.Key != nil:
			list, _ := node.([]any)
			at := slices.IndexFunc(list, func(element any) bool { return hasKeys(element, *e.Key) })
			if at < 0 {
				return nil, false
			}
			node = list[at]
		case e.Value != nil:
			list, _ := node.([]any)
			if !slices.ContainsFunc(list, func(element any) bool { return keyText(element) == keyText((*e.Value).Unstructured()) }) {
				return nil, false
			}
			node = (*e.Value).Unstructured()
		default:
			return nil, false
		}
	}
	return node, true
}

// hasKeys reports whether an element of a list is the one that keys name. A key that it lacks has its default: the protocol of a
// port is TCP.
func hasKeys(element any, keys value.FieldList) bool {
	m, isMap := element.(map[string]any)
	for _, k := range keys {
		is, has := m[k.Name]
		if !has && k.Name == "protocol" {
			is = "TCP"
		}
		if keyText(is) != keyText(k.Value.Unstructured()) {
			return false
		}
	}
	return isMap
}
