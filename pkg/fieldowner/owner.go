package fieldowner

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/structured-merge-diff/v6/fieldpath"
)

// installers are the beginnings of the field managers of tools that install addons. What controllers and kubelets write
// into objects stays theirs.
var installers = []string{
	"kubectl", "kubeadm", "helm", "Helm", "kops", "channels", "kubeone", "kapp", "argocd", "kustomize-controller", "helm-controller", "Mozilla",
	"terraform", "Terraform", "HashiCorp", "pulumi", "Pulumi",
	"deploy@",            // k3s and RKE2, followed by the node (rancher/wrangler, pkg/apply)
	"eks",                // the addons of EKS
	"before-first-apply", // whoever set what was there before the first server-side apply (apimachinery, managedfields)
}

// IsInstaller tells the part that such a tool has in an object.
func IsInstaller(e metav1.ManagedFieldsEntry) bool {
	return e.Subresource == "" && slices.ContainsFunc(installers, func(name string) bool { return strings.HasPrefix(e.Manager, name) })
}

// Installer returns who installed a live object that Fitout did not apply: Helm release kube-system/coredns; kubeadm,
// kubectl-edit; somebody. It is empty for an object that Fitout applied.
func Installer(o *manifest.Object) string {
	if o.GetLabels()[render.LabelAddon] != "" || Owned(o) {
		return ""
	}
	if keeper := Reconciler(o); keeper != "" {
		return fmt.Sprintf("%s (take it out there first: it would set its own again)", keeper)
	}
	if release := o.GetAnnotations()["meta.helm.sh/release-name"]; release != "" {
		return fmt.Sprintf("Helm release %s/%s (delete its record, the Secrets sh.helm.release.v1.%s.*, afterwards: helm uninstall would remove the object)",
			o.GetAnnotations()["meta.helm.sh/release-namespace"], release, release)
	}
	var names []string
	for _, e := range o.GetManagedFields() {
		if installs(e) && !slices.Contains(names, e.Manager) {
			names = append(names, e.Manager)
		}
	}
	if _, ok := o.GetAnnotations()[corev1.LastAppliedConfigAnnotation]; ok && len(names) == 0 {
		names = []string{"kubectl"}
	}
	slices.Sort(names)
	return cmp.Or(strings.Join(names, ", "), "somebody")
}

// FieldManager is the name under which Fitout owns fields by server-side apply.
const FieldManager = "fitout"

// Owned reports whether Fitout has applied a live object, whatever its labels are by now.
func Owned(live *manifest.Object) bool {
	_, recorded := live.GetAnnotations()[LastApplied]
	return recorded || slices.ContainsFunc(live.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply
	})
}

// SetLabel reports whether the label of a live object is as Fitout applied it.
func SetLabel(live *manifest.Object, key string) bool {
	for _, e := range live.GetManagedFields() {
		if e.Manager != FieldManager || e.FieldsV1 == nil {
			continue
		}
		if set, err := setOf(e); err == nil && set.Has(fieldpath.MakePathOrDie("metadata", "labels", key)) {
			return true
		}
	}
	applied := &manifest.Object{}
	record, err := DecodeApplied(live)
	if err != nil || record == nil || applied.UnmarshalJSON(record) != nil {
		return false
	}
	value, isSet := live.GetLabels()[key]
	return isSet && applied.GetLabels()[key] == value
}
