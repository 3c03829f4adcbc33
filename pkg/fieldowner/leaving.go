package fieldowner

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
	"sigs.k8s.io/structured-merge-diff/v6/value"
)

// Leaving returns the fields of a live object that go when Fitout takes over what installers made of it: those that they set and
// that are not wanted.
func Leaving(wanted, live *manifest.Object) []objectdiff.Difference {
	return gone(installed(wanted, live), wanted, live)
}

// Going returns the fields of a live object that go when Fitout applies the wanted one: those that it applied before and that
// are no longer wanted, unless somebody else has them, too. serverSide says that the API server keeps managed fields; without
// them, the object that was applied last tells.
func Going(wanted, live *manifest.Object, serverSide bool) []objectdiff.Difference {
	if !serverSide {
		record, err := DecodeApplied(live)
		if err != nil || record == nil {
			return nil
		}
		return gone(fieldsOf(live, record), wanted, live)
	}
	ours, theirs := fieldpath.NewSet(), fieldpath.NewSet()
	for _, e := range live.GetManagedFields() {
		if e.Subresource != "" || e.FieldsV1 == nil {
			continue
		}
		set, err := setOf(e)
		switch {
		case err != nil:
		case e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply:
			ours = ours.Union(set)
		default:
			theirs = theirs.Union(set)
		}
	}
	return gone(ours.Difference(theirs), wanted, live)
}

// gone returns those of a set of fields that a live object has and that are not wanted, without what is part of another one, and
// without values that the server fills in again.
func gone(set *fieldpath.Set, wanted, live *manifest.Object) []objectdiff.Difference {
	var all []objectdiff.Difference
	set.Iterate(func(p fieldpath.Path) {
		value, there := valueOf(live.Object, p)
		if _, stays := valueOf(wanted.Object, p); there && !stays && !isDefault(live, p, value) {
			all = append(all, objectdiff.Difference{Path: strings.TrimPrefix(p.String(), "."), Got: value})
		}
	})
	slices.SortStableFunc(all, func(a, b objectdiff.Difference) int { return strings.Compare(a.Path, b.Path) })
	var whole []objectdiff.Difference
	for _, d := range all {
		if !slices.ContainsFunc(whole, func(w objectdiff.Difference) bool { return partOf(d.Path, w.Path) }) {
			whole = append(whole, d)
		}
	}
	return whole
}

// partOf reports whether a field is another one, or in it.
func partOf(path, of string) bool {
	rest, ok := strings.CutPrefix(path, of)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
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
