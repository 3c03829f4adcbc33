package probe

import (
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/validation"
)

// MaxTime is the longest that a run of probes may last, and its pods answer.
const MaxTime = 6 * time.Hour

// leftAfter is the age from which a namespace belongs to no run any more. Both times that it is compared with are the API
// server's: its replicas may differ a little.
const leftAfter = MaxTime + time.Hour

// RunOf returns the run that a namespace belongs to. A label can be set by anybody who may change the namespace, the name
// by nobody: ok is false unless the name is that of the run in the label.
func RunOf(namespace *manifest.Object) (run string, ok bool) {
	labels := namespace.GetLabels()
	run = labels[LabelRun]
	ok = labels[labelManagedBy] == managedBy && len(validation.IsDNS1123Label(run)) == 0 && namespace.GetName() == Options{Run: run}.Namespace()
	return run, ok
}

// LeftOver reports whether a namespace is older than any run, by the clock of the API server. AnnotationExpires counts for
// nothing: it was written by the clock of another machine, or by somebody else.
func LeftOver(namespace *manifest.Object, now time.Time) bool {
	created := namespace.GetCreationTimestamp()
	return !created.IsZero() && now.Sub(created.Time) > leftAfter
}

// Foreign returns the objects in the namespace of a run that neither the run nor Kubernetes put there.
func Foreign(run string, all []metav1.PartialObjectMetadata) []manifest.ID {
	made := map[types.UID]bool{}
	for _, o := range all {
		if o.UID != "" && makes(run, o) {
			made[o.UID] = true
		}
	}
	var foreign []manifest.ID
	for _, o := range all {
		owned := slices.ContainsFunc(o.OwnerReferences, func(r metav1.OwnerReference) bool { return made[r.UID] })
		if !made[o.UID] && !owned && !ofKubernetes(o) {
			foreign = append(foreign, idOf(o))
		}
	}
	slices.SortFunc(foreign, manifest.ID.Compare)
	return foreign
}

// names are those of the objects of a run; pods have names of their own, and roles.
var names = map[string][]string{
	"DaemonSet.apps": {Asker, Peer}, "Service.": {PeerService}, "Endpoints.": {PeerService}, "Ingress.networking.k8s.io": {PeerService},
	"Ingress.extensions": {PeerService}, "NetworkPolicy.networking.k8s.io": {policyClosed, policyOpen}, "PersistentVolumeClaim.": {ClaimName},
}

// makes reports whether a run makes an object such as this one.
func makes(run string, o metav1.PartialObjectMetadata) bool {
	id := idOf(o)
	if o.Labels[LabelRun] != run {
		return false
	}
	if id.Kind == "Pod" && id.Group == "" {
		return slices.Contains([]string{Asker, Peer, Storer}, o.Labels[LabelRole])
	}
	return slices.Contains(names[id.Kind+"."+id.Group], id.Name)
}

// ofKubernetes reports whether Kubernetes puts such an object into each namespace. Tokens of service accounts are Secrets
// below 1.24.
func ofKubernetes(o metav1.PartialObjectMetadata) bool {
	id := idOf(o)
	switch {
	case id.Kind == "Event":
		return id.Group == "" || id.Group == "events.k8s.io"
	case id.Group != "":
		return false
	case id.Kind == "Secret":
		return o.Annotations["kubernetes.io/service-account.name"] == "default" && strings.HasPrefix(id.Name, "default-token-")
	}
	return id.Kind == "ServiceAccount" && id.Name == "default" || id.Kind == "ConfigMap" && id.Name == "kube-root-ca.crt"
}

func idOf(o metav1.PartialObjectMetadata) manifest.ID {
	gvk := o.GroupVersionKind()
	return manifest.ID{Group: gvk.Group, Kind: gvk.Kind, Namespace: o.Namespace, Name: o.Name}
}
