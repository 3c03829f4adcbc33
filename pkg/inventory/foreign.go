package inventory

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// installers are the beginnings of the field managers of tools that install addons. What controllers and kubelets write
// into objects stays theirs.
var installers = []string{"kubectl", "kubeadm", "helm", "Helm", "kops", "kubeone", "kapp", "argocd", "kustomize-controller", "helm-controller", "terraform", "Mozilla"}

// IsInstaller tells the part that such a tool has in an object.
func IsInstaller(e metav1.ManagedFieldsEntry) bool {
	return e.Subresource == "" && slices.ContainsFunc(installers, func(name string) bool { return strings.HasPrefix(e.Manager, name) })
}

// Foreign describes the live objects, out of those given, that Fitout did not apply: the object and who installed it. They
// are sorted by ID.
func Foreign(live map[manifest.ID]*manifest.Object) []Ownership {
	var found []Ownership
	for id, o := range live {
		if o.GetLabels()[render.LabelAddon] == "" && !Owned(o) {
			found = append(found, Ownership{ID: id, Owner: ownerOf(o)})
		}
	}
	slices.SortFunc(found, func(a, b Ownership) int { return a.ID.Compare(b.ID) })
	return found
}

// An Ownership says who has installed an object.
type Ownership struct {
	ID    manifest.ID
	Owner string // Helm release kube-system/coredns; kubeadm, kubectl-edit; somebody
}

func (o Ownership) String() string { return fmt.Sprintf("%s: installed by %s", o.ID, o.Owner) }

func ownerOf(o *manifest.Object) string {
	if release := o.GetAnnotations()["meta.helm.sh/release-name"]; release != "" {
		return fmt.Sprintf("Helm release %s/%s (delete its record, the Secrets sh.helm.release.v1.%s.*, afterwards: helm uninstall would remove the object)",
			o.GetAnnotations()["meta.helm.sh/release-namespace"], release, release)
	}
	var names []string
	for _, e := range o.GetManagedFields() {
		if IsInstaller(e) && !slices.Contains(names, e.Manager) {
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

// LastApplied is the annotation with what Fitout applied last, where the server has no server-side apply.
const LastApplied = "fitout.dev/last-applied"

// Owned reports whether Fitout has applied a live object, whatever its labels are by now.
func Owned(live *manifest.Object) bool {
	_, recorded := live.GetAnnotations()[LastApplied]
	return recorded || slices.ContainsFunc(live.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == FieldManager && e.Operation == metav1.ManagedFieldsOperationApply
	})
}
