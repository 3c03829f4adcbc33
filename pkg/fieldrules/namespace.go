package fieldrules

import (
	"regexp"
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// podSecurityVersion is how a version of the Pod Security Standards is written (pod-security-admission, api.ParseVersion).
var podSecurityVersion = regexp.MustCompile(`^v1\.(0|[1-9][0-9]*)$`)

// namespace checks finalizers (apis/core/validation ValidateNamespace) and the labels of Pod Security, which the server's own
// admission judges since 1.23.
func (c *checker) namespace(o *corev1.Namespace) {
	for i, f := range o.Spec.Finalizers {
		if f != corev1.FinalizerKubernetes && !strings.Contains(string(f), "/") {
			c.add(field.Invalid(at("spec").Child("finalizers").Index(i), f, "must be kubernetes, or a qualified name such as example.org/name"))
			continue
		}
		c.messages(at("spec").Child("finalizers").Index(i), f, utilvalidation.IsQualifiedName(string(f)))
	}
	if c.minor < 23 {
		return
	}
	for label, value := range o.Labels {
		mode, of := strings.CutPrefix(label, "pod-security.kubernetes.io/")
		path := at("metadata").Child("labels").Key(label)
		switch mode {
		case "enforce", "audit", "warn":
			if of {
				oneOfRequired(c, value, path, "privileged", "baseline", "restricted")
			}
		case "enforce-version", "audit-version", "warn-version":
			if of && value != "latest" && !podSecurityVersion.MatchString(value) {
				c.add(field.Invalid(path, value, "must be latest, or a version such as v1.30"))
			}
		}
	}
}
