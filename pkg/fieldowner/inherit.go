package fieldowner

import (
	"bytes"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// Inherit returns the managed fields of a live object once Fitout has taken over what installers own of it: applying then
// removes those of their fields that are not wanted. Keys of a ConfigMap that are not wanted stay with who made them, and so
// stay in the object. changed is false if no installer owns a field.
func Inherit(wanted, live *manifest.Object) (fields []metav1.ManagedFieldsEntry, changed bool, err error) {
	ours := metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: live.GetAPIVersion(), FieldsType: "FieldsV1"}
	taken := installed(wanted, live)
	if taken.Empty() {
		return live.GetManagedFields(), false, nil
	}
	for _, e := range live.GetManagedFields() {
		switch {
		case e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "":
			if before, err := setOf(e); err == nil {
				taken = taken.Union(before)
			}
			ours = e
		case installs(e):
			left, err := keys(e, wanted)
			if err != nil {
				return nil, false, fmt.Errorf("%s: managed fields of %s: %w", manifest.IDOf(live), e.Manager, err)
			}
			if left != nil {
				fields = append(fields, *left)
			}
		default:
			fields = append(fields, e)
		}
	}
	ours.FieldsV1, err = encoded(taken)
	return append(fields, ours), true, err
}

// keys returns what stays of an installer's entry: keys of a ConfigMap that are not wanted; nil if nothing does.
func keys(e metav1.ManagedFieldsEntry, wanted *manifest.Object) (*metav1.ManagedFieldsEntry, error) {
	theirs, err := setOf(e)
	if err != nil {
		return nil, err
	}
	own := ownKeys(theirs, wanted)
	if own.Empty() {
		return nil, nil
	}
	e.FieldsV1, err = encoded(own)
	return &e, err
}

func setOf(e metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
	if e.FieldsV1 == nil {
		return set, nil
	}
	return set, set.FromJSON(bytes.NewReader(e.FieldsV1.GetRawBytes()))
}

func encoded(set *fieldpath.Set) (*metav1.FieldsV1, error) {
	text, err := set.ToJSON()
	if err != nil {
		return nil, err
	}
	f := &metav1.FieldsV1{}
	f.SetRawBytes(text)
	return f, nil
}

// ownKeys returns those fields of a set that are keys of a ConfigMap which the wanted one does not have.
func ownKeys(set *fieldpath.Set, wanted *manifest.Object) *fieldpath.Set {
	own := fieldpath.NewSet()
	if wanted.GetKind() != "ConfigMap" {
		return own
	}
	set.Iterate(func(p fieldpath.Path) {
		if len(p) != 2 || p[0].FieldName == nil || p[1].FieldName == nil {
			return
		}
		field := *p[0].FieldName
		if data, _ := wanted.Object[field].(map[string]any); (field == "data" || field == "binaryData") && data[*p[1].FieldName] == nil {
			own.Insert(p.Copy())
		}
	})
	return own
}
