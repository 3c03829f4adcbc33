package fieldrules

import (
	"encoding/json"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/api/validate/content"
	"k8s.io/apimachinery/pkg/api/validation"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// at starts a path.
func at(name string) *field.Path { return field.NewPath(name) }

// segment is the name of a kind that may hold anything that fits between two slashes of a URL.
func segment(name string, prefix bool) []string {
	if prefix {
		return content.IsPathSegmentPrefix(name)
	}
	return content.IsPathSegmentName(name)
}

// cronJobName leaves room for the 11 characters that the controller appends (apis/batch/validation ValidateCronJobCreate).
func cronJobName(name string, prefix bool) []string {
	messages := validation.NameIsDNSSubdomain(name, prefix)
	if len(name) > utilvalidation.DNS1035LabelMaxLength-11 && !prefix {
		messages = append(messages, "must be no more than 52 characters")
	}
	return messages
}

// names are the kinds whose names are not DNS subdomains, with the rule of each (the Validate…Name of
// pkg/apis/*/validation).
var names = map[schema.GroupKind]validation.ValidateNameFunc{
	{Kind: "Namespace"}:                                               validation.ValidateNamespaceName,
	{Kind: "ServiceAccount"}:                                          validation.ValidateServiceAccountName,
	{Group: "policy", Kind: "PodDisruptionBudget"}:                    segment,
	{Group: "batch", Kind: "CronJob"}:                                 cronJobName,
	{Group: "rbac.authorization.k8s.io", Kind: "Role"}:                segment,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRole"}:         segment,
	{Group: "rbac.authorization.k8s.io", Kind: "RoleBinding"}:         segment,
	{Group: "rbac.authorization.k8s.io", Kind: "ClusterRoleBinding"}:  segment,
	{Group: "certificates.k8s.io", Kind: "CertificateSigningRequest"}: segment,
	{Group: "apiregistration.k8s.io", Kind: "APIService"}:             segment,
	{Group: "networking.k8s.io", Kind: "IPAddress"}:                   segment,
}

func (c *checker) nameRule(kind schema.GroupKind) validation.ValidateNameFunc {
	switch {
	case kind == schema.GroupKind{Kind: "Service"} && c.minor >= 36: // RelaxedServiceNameValidation
		return validation.NameIsDNSLabel
	case kind == schema.GroupKind{Kind: "Service"}:
		return validation.NameIsDNS1035Label
	case kind == schema.GroupKind{Group: "apps", Kind: "StatefulSet"} && c.minor >= 34:
		return validation.NameIsDNSLabel
	}
	if check := names[kind]; check != nil {
		return check
	}
	return validation.NameIsDNSSubdomain
}

// metadata checks name, generateName, labels, annotations, owners and finalizers. Requests that are not stored need none.
func (c *checker) metadata(o *manifest.Object) error {
	kind := o.GroupVersionKind().GroupKind()
	if strings.HasPrefix(kind.Group, "authentication.") || strings.HasPrefix(kind.Group, "authorization.") || kind == (schema.GroupKind{Kind: "Binding"}) {
		return nil
	}
	meta := &metav1.ObjectMeta{}
	text, err := json.Marshal(o.Object["metadata"])
	if err == nil {
		err = json.Unmarshal(text, meta)
	}
	if err != nil {
		return err
	}
	if generateName(meta); meta.Name == "" && kind == (schema.GroupKind{Kind: "LimitRange"}) {
		meta.Name = "generated" // registry/core/limitrange, PrepareForCreate
	}
	meta.ManagedFields = nil // the server replaces those that it cannot use
	namespace := meta.Namespace
	meta.Namespace = "" // a cluster-scoped object's is dropped, and a namespaced object without one goes to the client's
	c.add(validation.ValidateObjectMeta(meta, false, c.nameRule(kind), at("metadata"))...)
	if c.namespaced && namespace != "" {
		c.messages(at("metadata").Child("namespace"), namespace, validation.ValidateNamespaceName(namespace, false))
	}
	for i, finalizer := range meta.Finalizers {
		c.finalizer(finalizer, at("metadata").Child("finalizers").Index(i))
	}
	return nil
}

// generateName does what the server does before it validates: it makes a name from generateName (apiserver
// pkg/storage/names).
func generateName(meta *metav1.ObjectMeta) {
	const most, random = 63, "zzzzz"
	if meta.Name == "" && meta.GenerateName != "" {
		meta.Name = meta.GenerateName[:min(len(meta.GenerateName), most-len(random))] + random
	}
}

// finalizer refuses names that are neither qualified nor standard (apis/core/validation ValidateFinalizerName).
func (c *checker) finalizer(name string, path *field.Path) {
	if len(utilvalidation.IsQualifiedName(name)) > 0 {
		return // ValidateObjectMeta has said so
	}
	switch name {
	case metav1.FinalizerOrphanDependents, metav1.FinalizerDeleteDependents, "kubernetes":
		return
	}
	if !strings.Contains(name, "/") {
		c.add(field.Invalid(path, name, "must be a qualified name such as example.org/finalizer"))
	}
}

// labels checks keys and values of labels.
func (c *checker) labels(labels map[string]string, path *field.Path) {
	c.add(metavalidation.ValidateLabels(labels, path)...)
}

// selector checks a label selector.
func (c *checker) selector(s *metav1.LabelSelector, path *field.Path) {
	c.add(metavalidation.ValidateLabelSelector(s, metavalidation.LabelSelectorValidationOptions{}, path)...)
}
