package manifest

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Kinds knows the resource name and the scope of each kind that an addon may hold, so that no discovery is needed.
type Kinds map[schema.GroupKind]Resource

// A Resource is how the API serves a kind.
type Resource struct {
	Name       string // plural, lower case
	Namespaced bool
}

// builtIn lists the kinds of the API server itself. Groups, names and scopes have been the same since Kubernetes 1.15.
var builtIn = map[string]string{
	"":                             "ConfigMap+ Namespace PersistentVolume PersistentVolumeClaim+ Pod+ Secret+ Service+ ServiceAccount+ LimitRange+ ResourceQuota+ Endpoints+",
	"apps":                         "DaemonSet+ Deployment+ StatefulSet+ ReplicaSet+",
	"batch":                        "Job+ CronJob+",
	"rbac.authorization.k8s.io":    "ClusterRole ClusterRoleBinding Role+ RoleBinding+",
	"networking.k8s.io":            "Ingress+ IngressClass NetworkPolicy+",
	"policy":                       "PodDisruptionBudget+ PodSecurityPolicy",
	"storage.k8s.io":               "StorageClass CSIDriver VolumeAttachment",
	"scheduling.k8s.io":            "PriorityClass",
	"autoscaling":                  "HorizontalPodAutoscaler+",
	"coordination.k8s.io":          "Lease+",
	"apiextensions.k8s.io":         "CustomResourceDefinition",
	"apiregistration.k8s.io":       "APIService",
	"admissionregistration.k8s.io": "ValidatingWebhookConfiguration MutatingWebhookConfiguration ValidatingAdmissionPolicy ValidatingAdmissionPolicyBinding",
	"flowcontrol.apiserver.k8s.io": "FlowSchema PriorityLevelConfiguration",
	"node.k8s.io":                  "RuntimeClass",
	// Groups of the API server that have no kind for addons.
	"authentication.k8s.io": "", "authorization.k8s.io": "", "certificates.k8s.io": "", "discovery.k8s.io": "", "events.k8s.io": "",
	"internal.apiserver.k8s.io": "", "resource.k8s.io": "", "storagemigration.k8s.io": "",
}

// BuiltInGroup reports whether an API group belongs to the API server itself, so that no CustomResourceDefinition adds a
// kind to it. Those have a dot in their group (apiextensions-apiserver, pkg/apis/apiextensions/validation).
func BuiltInGroup(group string) bool {
	_, known := builtIn[group]
	return known || !strings.Contains(group, ".")
}

// KindsOf returns the built-in kinds and those that the CustomResourceDefinitions among objects define.
func KindsOf(objects []*Object) Kinds {
	kinds := Kinds{}
	for group, list := range builtIn {
		for _, word := range strings.Fields(list) {
			kind, namespaced := strings.CutSuffix(word, "+")
			kinds[schema.GroupKind{Group: group, Kind: kind}] = Resource{Name: plural(kind), Namespaced: namespaced}
		}
	}
	for _, o := range objects {
		if o.GetKind() != "CustomResourceDefinition" {
			continue
		}
		name, _, _ := unstructured.NestedString(o.Object, "spec", "names", "plural")
		scope, _, _ := unstructured.NestedString(o.Object, "spec", "scope")
		// In v1beta1 the scope may be missing, which stands for Namespaced.
		kinds[Defines(o)] = Resource{Name: name, Namespaced: scope != "Cluster"}
	}
	return kinds
}

// Defines returns the kind that a CustomResourceDefinition defines.
func Defines(definition *Object) schema.GroupKind {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	kind, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "kind")
	return schema.GroupKind{Group: group, Kind: kind}
}

// Of returns how the API serves the kind of an object.
func (k Kinds) Of(o *Object) (schema.GroupVersionResource, Resource, error) {
	gvk := o.GroupVersionKind()
	r, ok := k[gvk.GroupKind()]
	if !ok {
		return schema.GroupVersionResource{}, r, fmt.Errorf("%s: the kind %s is neither built into Kubernetes nor defined by a CustomResourceDefinition of the bundle; render its definition too", IDOf(o), gvk.GroupKind())
	}
	return gvk.GroupVersion().WithResource(r.Name), r, nil
}

func plural(kind string) string {
	s := strings.ToLower(kind)
	switch {
	case s == "endpoints":
		return s
	case strings.HasSuffix(s, "s"):
		return s + "es"
	case strings.HasSuffix(s, "y"):
		return s[:len(s)-1] + "ies"
	}
	return s + "s"
}
