package fieldowner

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// system are the field managers of Kubernetes itself: what they write into an object is what it asks for.
var system = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kubelet"}

// Since returns the managers, other than Fitout and Kubernetes itself, that have set a field of an object between two states
// of it. What they write to its status does not count.
func Since(before, after *manifest.Object) []string {
	var names []string
	known := before.GetManagedFields()
	for _, e := range after.GetManagedFields() {
		if e.Manager == FieldManager || e.Subresource != "" || slices.Contains(system, e.Manager) || slices.Contains(names, e.Manager) {
			continue
		}
		i := slices.IndexFunc(known, func(k metav1.ManagedFieldsEntry) bool {
			return k.Manager == e.Manager && k.Operation == e.Operation && k.APIVersion == e.APIVersion && k.Subresource == ""
		})
		var before *metav1.ManagedFieldsEntry
		if i >= 0 {
			before = &known[i]
		}
		if changed(before, e) {
			names = append(names, e.Manager)
		}
	}
	slices.Sort(names)
	return names
}

// changed reports whether a manager has set a field outside the status since before, which is nil if it had none.
func changed(before *metav1.ManagedFieldsEntry, after metav1.ManagedFieldsEntry) bool {
	had, has := fieldpath.NewSet(), fieldpath.NewSet()
	if before != nil && before.FieldsV1 != nil {
		had, _ = setOf(*before) // what cannot be read has no fields
	}
	if after.FieldsV1 != nil {
		has, _ = setOf(after)
	}
	if before != nil && !after.Time.Equal(before.Time) {
		return outsideStatus(has)
	}
	return outsideStatus(has.Difference(had))
}

func outsideStatus(set *fieldpath.Set) (outside bool) {
	set.Iterate(func(p fieldpath.Path) {
		outside = outside || p[0].FieldName == nil || *p[0].FieldName != "status"
	})
	return outside
}
