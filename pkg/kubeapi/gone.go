package kubeapi

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// A removal is a form of a kind that API servers stopped serving.
type removal struct {
	groupVersion string
	kinds        []string // all of the group and version if empty
	minor        string   // the first one without it
}

// removals are from the Deprecated API Migration Guide of Kubernetes and the removed markers of k8s.io/api v0.37
// (prerelease-lifecycle-gen).
var removals = []removal{
	{"extensions/v1beta1", []string{"Ingress"}, "1.22"},
	{"extensions/v1beta1", nil, "1.16"},
	{"apps/v1beta1", nil, "1.16"},
	{"apps/v1beta2", nil, "1.16"},
	{"networking.k8s.io/v1beta1", []string{"Ingress", "IngressClass"}, "1.22"},
	{"admissionregistration.k8s.io/v1beta1", []string{"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"}, "1.22"},
	{"apiextensions.k8s.io/v1beta1", nil, "1.22"},
	{"apiregistration.k8s.io/v1beta1", nil, "1.22"},
	{"authentication.k8s.io/v1beta1", []string{"TokenReview"}, "1.22"},
	{"authorization.k8s.io/v1beta1", nil, "1.22"},
	{"certificates.k8s.io/v1beta1", []string{"CertificateSigningRequest"}, "1.22"},
	{"coordination.k8s.io/v1beta1", []string{"Lease"}, "1.22"},
	{"rbac.authorization.k8s.io/v1beta1", nil, "1.22"},
	{"scheduling.k8s.io/v1beta1", nil, "1.22"},
	{"storage.k8s.io/v1beta1", []string{"CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"}, "1.22"},
	{"storage.k8s.io/v1beta1", []string{"CSIStorageCapacity"}, "1.27"},
	{"batch/v1beta1", nil, "1.25"},
	{"batch/v2alpha1", nil, "1.21"},
	{"discovery.k8s.io/v1beta1", nil, "1.25"},
	{"events.k8s.io/v1beta1", nil, "1.25"},
	{"autoscaling/v2beta1", nil, "1.25"},
	{"autoscaling/v2beta2", nil, "1.26"},
	{"policy/v1beta1", nil, "1.25"},
	{"node.k8s.io/v1beta1", nil, "1.25"},
	{"flowcontrol.apiserver.k8s.io/v1beta1", nil, "1.26"},
	{"flowcontrol.apiserver.k8s.io/v1beta2", nil, "1.29"},
	{"flowcontrol.apiserver.k8s.io/v1beta3", nil, "1.32"},
}

// successors are the remedies for kinds that are gone in every form, and for those that are not the API server's own.
var successors = map[string]string{
	"PodSecurityPolicy": "label the namespaces for Pod Security Admission (pod-security.kubernetes.io/enforce), or use a policy engine",
	"PodPreset":         "use a mutating webhook or policy",
	"ComponentStatus":   "query the health endpoints of the components",
}

// ended says with which minor a form of a kind ended, as a clause that continues a sentence; "" if that is not known.
func ended(gvk schema.GroupVersionKind) string {
	for _, r := range removals {
		if r.groupVersion == gvk.GroupVersion().String() && (len(r.kinds) == 0 || slices.Contains(r.kinds, gvk.Kind)) {
			return " (removed in " + r.minor + ")"
		}
	}
	return ""
}
