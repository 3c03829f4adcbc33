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
	var ours *metav1.ManagedFieldsEntry
	taken := fieldpath.NewSet()
	for _, e := range live.GetManagedFields() {
		switch {
		case e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply && e.Subresource == "":
			ours = &e
		case IsInstaller(e) && e.FieldsV1 != nil:
			theirs, err := setOf(e)
			if err != nil {
				return nil, false, fmt.Errorf("%s: managed fields of %s: %w", manifest.IDOf(live), e.Manager, err)
			}
			own := ownKeys(theirs, wanted)
			taken, changed = taken.Union(theirs.Difference(own)), true
			if !own.Empty() {
				if e.FieldsV1, err = encoded(own); err != nil {
					return nil, false, err
				}
				fields = append(fields, e)
			}
		default:
			fields = append(fields, e)
		}
	}
	if !changed {
		return live.GetManagedFields(), false, nil
	}
	if ours == nil {
		ours = &metav1.ManagedFieldsEntry{Manager: FieldManager, Operation: metav1.ManagedFieldsOperationApply, APIVersion: live.GetAPIVersion(), FieldsType: "FieldsV1"}
	} else if before, err := setOf(*ours); err == nil {
		taken = taken.Union(before)
	}
	ours.FieldsV1, err = encoded(taken)
	return append(fields, *ours), true, err
}

func setOf(e metav1.ManagedFieldsEntry) (*fieldpath.Set, error) {
	set := &fieldpath.Set{}
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

// WithoutOwnKeys returns the record of another tool's last apply without the keys of a ConfigMap that are not wanted, so
// that a three-way merge keeps them.
func WithoutOwnKeys(record []byte, wanted *manifest.Object) ([]byte, error) {
	if record == nil || wanted.GetKind() != "ConfigMap" {
		return record, nil
	}
	o := &manifest.Object{}
	if err := o.UnmarshalJSON(record); err != nil {
		return nil, err
	}
	for _, field := range []string{"data", "binaryData"} {
		keys, _ := o.Object[field].(map[string]any)
		data, _ := wanted.Object[field].(map[string]any)
		for key := range keys {
			if data[key] == nil {
				delete(keys, key)
			}
		}
	}
	return o.MarshalJSON()
}
