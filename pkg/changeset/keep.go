package changeset

import (
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// containers are the kinds that hold what others made, which goes with them: objects, or data. A StatefulSet may take its claims along.
var containers = []string{"Namespace", "CustomResourceDefinition", "PersistentVolume", "PersistentVolumeClaim", "StatefulSet", "Secret"}

// recreated is why an object with another UID is kept.
const recreated = "somebody has deleted it and created it again"

// ofKubernetes is about the namespaces that Kubernetes makes itself, and makes again. No bundle has them.
func ofKubernetes(_ *decider, c Change) string {
	own := []string{metav1.NamespaceSystem, metav1.NamespaceDefault, metav1.NamespacePublic, corev1.NamespaceNodeLease}
	if c.ID.Kind == "Namespace" && slices.Contains(own, c.ID.Name) {
		return "Kubernetes itself has made it, whatever the inventory says"
	}
	return ""
}

// otherKind is about an inventory that names another kind than its entry leads to: a forged entry must not delete it.
func otherKind(_ *decider, c Change) string {
	if live := manifest.IDOf(c.Live); live != c.ID {
		return fmt.Sprintf("the inventory leads to %s instead; repair the inventory", live)
	}
	return ""
}

// otherObject is about an object that was deleted and created again: by somebody else, unless a run was killed that had just
// created it itself.
func otherObject(d *decider, c Change) string {
	ours := d.Record.State == inventory.Applying && fieldowner.Owned(c.Live)
	if c.Entry.UID != "" && c.Entry.UID != c.Live.GetUID() && !ours {
		return recreated
	}
	return ""
}

// unlabelled is about an object from which somebody has removed Fitout's labels. Another addon's label is Fitout's own if
// Fitout has set it: a run was killed that moved the object from one addon to another.
func unlabelled(_ *decider, c Change) string {
	labels := c.Live.GetLabels()
	moved := labels[render.LabelAddon] != "" && fieldowner.SetLabel(c.Live, render.LabelAddon)
	if labels[render.LabelAddon] != c.Entry.Addon && !moved || labels[render.LabelManagedBy] != render.ManagedBy {
		return fmt.Sprintf("it no longer has the labels %s=%s and %s=%s", render.LabelAddon, c.Entry.Addon, render.LabelManagedBy, render.ManagedBy)
	}
	return ""
}

// ofRelease is about an object that a Helm release has taken over.
func ofRelease(_ *decider, c Change) string {
	if release := c.Live.GetAnnotations()["meta.helm.sh/release-name"]; release != "" {
		return "it belongs to the Helm release " + release
	}
	return ""
}

// ofReconciler is about an object that a tool sets again and again, such as Argo CD: it would be back at once.
func ofReconciler(_ *decider, c Change) string {
	if keeper := fieldowner.Reconciler(c.Live); keeper != "" {
		return "it belongs to " + keeper
	}
	return ""
}

// ofOwner is about an object that goes with another one.
func ofOwner(_ *decider, c Change) string {
	if owners := c.Live.GetOwnerReferences(); len(owners) > 0 {
		return fmt.Sprintf("it is owned by %s %s", owners[0].Kind, owners[0].Name)
	}
	return ""
}

// unproven is about an object that only the inventory calls Fitout's: who may write there may name any object by its UID. It is
// Fitout's if Fitout has applied it.
func unproven(d *decider, c Change) string {
	if !fieldowner.Owned(c.Live) && !d.Prune.Has(c.ID) {
		return fmt.Sprintf("Fitout has not applied it, whatever the inventory says; to delete it all the same, name it: --prune %s", nameOf(c.ID))
	}
	return ""
}

// protected is about kinds that hold what others made: they are pruned only by name. Uninstalling removes namespaces and
// definitions, too, unless they are in use, which is looked at when everything else is gone.
func protected(d *decider, c Change) string {
	uninstalled := d.Uninstall && c.Entry.UID != "" && slices.Contains(containers[:2], c.ID.Kind)
	if !slices.Contains(containers, c.ID.Kind) || uninstalled || d.Prune.Has(c.ID) {
		return ""
	}
	return fmt.Sprintf("no longer wanted, but a %s is pruned only if it is named: --prune %s", c.ID.Kind, nameOf(c.ID))
}
