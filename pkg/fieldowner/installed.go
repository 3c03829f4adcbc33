package fieldowner

import (
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// installed returns the fields of a live object that Fitout owns once it has taken the object over: those that installers own by
// the server's account of managed fields. An object without such an account (made before Kubernetes 1.18) has what kubectl applied
// last; without that record, too, all of it but its metadata counts as installed. Left out are keys of a ConfigMap that are not
// wanted, and fields of a Service that stay as long as the Service does.
func installed(wanted, live *manifest.Object) *fieldpath.Set {
	set := fieldpath.NewSet()
	switch record := KubectlApplied(live); {
	case len(live.GetManagedFields()) > 0:
		for _, e := range live.GetManagedFields() {
			if theirs, err := setOf(e); err == nil && installs(e) {
				set = set.Union(theirs)
			}
		}
	case record != nil:
		set = fieldsOf(live, record).Union(marks(live))
	default:
		set = allFields(live).Union(marks(live))
	}
	return set.Difference(ownKeys(set, wanted)).Difference(allocated(set))
}

// installs reports whether the manager of an entry installed the object: a known installer, or whoever set the selector, which no
// controller does.
func installs(e metav1.ManagedFieldsEntry) bool {
	if IsInstaller(e) {
		return true
	}
	set, err := setOf(e)
	if err != nil || e.Subresource != "" || e.Manager == FieldManager {
		return false
	}
	spec, selector := "spec", "selector"
	inSpec := set.WithPrefix(fieldpath.PathElement{FieldName: &spec})
	at := fieldpath.PathElement{FieldName: &selector}
	return inSpec.Members.Has(at) || !inSpec.WithPrefix(at).Empty()
}

// marks returns the annotations by which kubectl and Helm know an object as theirs.
func marks(live *manifest.Object) *fieldpath.Set {
	set := fieldpath.NewSet()
	for key := range live.GetAnnotations() {
		if key == corev1.LastAppliedConfigAnnotation || strings.HasPrefix(key, "meta.helm.sh/") {
			set.Insert(fieldpath.MakePathOrDie("metadata", "annotations", key))
		}
	}
	return set
}

// withContents are the kinds of which servers, controllers and users fill in more than the status.
var withContents = []string{"ConfigMap", "Endpoints", "Job", "Namespace", "Node", "PersistentVolume", "PersistentVolumeClaim", "Pod", "Secret", "ServiceAccount"}

// allFields returns all fields of a live object but its metadata and status; none where others fill them in, or where it is not
// known how they merge.
func allFields(live *manifest.Object) *fieldpath.Set {
	if howObjectsMerge(live) == nil || slices.Contains(withContents, live.GetKind()) {
		return fieldpath.NewSet()
	}
	contents := live.DeepCopy()
	delete(contents.Object, "metadata")
	return contentsOf(contents, contents.Object)
}

// keptByService are fields that a Service cannot lose (pkg/apis/core/validation, ValidateServiceUpdate).
var keptByService = []string{"clusterIP", "clusterIPs", "healthCheckNodePort", "ipFamilies", "ipFamily", "ipFamilyPolicy"}

// allocated returns those of a set of fields.
func allocated(set *fieldpath.Set) *fieldpath.Set {
	kept := fieldpath.NewSet()
	for _, name := range keptByService {
		if p := fieldpath.MakePathOrDie("spec", name); set.Has(p) {
			kept.Insert(p)
		}
		kept = kept.Union(below(set, "spec", name))
	}
	return kept
}

// below returns the fields of a set that are in the one that names lead to.
func below(set *fieldpath.Set, names ...string) *fieldpath.Set {
	inside := fieldpath.NewSet()
	set.Iterate(func(p fieldpath.Path) {
		if len(p) <= len(names) {
			return
		}
		for i, name := range names {
			if p[i].FieldName == nil || *p[i].FieldName != name {
				return
			}
		}
		inside.Insert(p.Copy())
	})
	return inside
}

// InstalledRecord returns the part of a live object that installers made, as JSON: the base of a three-way merge by which it is
// taken over.
func InstalledRecord(wanted, live *manifest.Object) ([]byte, error) {
	content, _ := part(live.Object, installed(wanted, live)).(map[string]any)
	delete(content, "status")
	content["apiVersion"], content["kind"] = live.GetAPIVersion(), live.GetKind()
	return (&manifest.Object{Object: content}).MarshalJSON()
}
