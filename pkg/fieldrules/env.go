package fieldrules

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// envName allows nearly everything since 1.32 (RelaxedEnvironmentVariableValidation).
func (c *checker) envName(name string, path *field.Path) {
	if c.minor >= 32 {
		c.messages(path, name, utilvalidation.IsRelaxedEnvVarName(name))
	} else {
		c.messages(path, name, utilvalidation.IsEnvVarName(name))
	}
}

// env checks environment variables (apis/core/validation ValidateEnv, validateEnvVarValueFrom).
func (c *checker) env(vars []corev1.EnvVar, path *field.Path) {
	for i, v := range vars {
		at := path.Index(i)
		if c.require(v.Name != "", at.Child("name"), "") {
			c.envName(v.Name, at.Child("name"))
		}
		from := at.Child("valueFrom")
		if v.ValueFrom == nil {
			continue
		}
		if c.oneMember(v.ValueFrom, from) && v.Value != "" {
			c.add(field.Invalid(from, "", "cannot be given together with value"))
		}
		c.envSource(v.ValueFrom, from)
	}
}

func (c *checker) envSource(s *corev1.EnvVarSource, path *field.Path) {
	if r := s.ConfigMapKeyRef; r != nil {
		c.keySelector(r.Name, r.Key, path.Child("configMapKeyRef"))
	}
	if r := s.SecretKeyRef; r != nil {
		c.keySelector(r.Name, r.Key, path.Child("secretKeyRef"))
	}
	if r := s.FieldRef; r != nil {
		c.fieldRef(r, envFields, path.Child("fieldRef"))
	}
	if r := s.ResourceFieldRef; r != nil {
		c.resourceFieldRef(r, path.Child("resourceFieldRef"))
	}
}

// keySelector checks a key of a ConfigMap or a Secret.
func (c *checker) keySelector(name, key string, path *field.Path) {
	c.require(name != "", path.Child("name"), "")
	if c.require(key != "", path.Child("key"), "") {
		c.messages(path.Child("key"), key, utilvalidation.IsConfigMapKey(key))
	}
}

// envFields and volumeFields are what the downward API offers (apis/core/validation validEnvDownwardAPIFieldPathExpressions,
// validVolumeDownwardAPIFieldPathExpressions).
var (
	envFields    = []string{"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", "status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"}
	volumeFields = []string{"metadata.name", "metadata.namespace", "metadata.labels", "metadata.annotations", "metadata.uid"}
)

func (c *checker) fieldRef(r *corev1.ObjectFieldSelector, allowed []string, path *field.Path) {
	if !c.require(r.FieldPath != "", path.Child("fieldPath"), "") {
		return
	}
	if r.APIVersion != "" && r.APIVersion != "v1" {
		c.add(field.Invalid(path.Child("apiVersion"), r.APIVersion, "must be v1"))
	}
	for _, list := range []string{"metadata.labels", "metadata.annotations"} {
		if key, ok := strings.CutPrefix(r.FieldPath, list+"['"); ok {
			if key, ok = strings.CutSuffix(key, "']"); ok {
				c.messages(path.Child("fieldPath"), r.FieldPath, utilvalidation.IsQualifiedName(key))
				return
			}
		}
	}
	oneOf(c, r.FieldPath, path.Child("fieldPath"), allowed...)
}

// resourceFieldRef checks a resource of the downward API (validContainerResourceFieldPathExpressions).
func (c *checker) resourceFieldRef(r *corev1.ResourceFieldSelector, path *field.Path) {
	if !c.require(r.Resource != "", path.Child("resource"), "") || strings.Contains(r.Resource, "hugepages-") {
		return
	}
	oneOf(c, r.Resource, path.Child("resource"), "limits.cpu", "limits.memory", "limits.ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage")
}

func (c *checker) envFrom(sources []corev1.EnvFromSource, path *field.Path) {
	for i, s := range sources {
		at := path.Index(i)
		if s.Prefix != "" {
			c.envName(s.Prefix, at.Child("prefix"))
		}
		if (s.ConfigMapRef == nil) == (s.SecretRef == nil) {
			c.add(field.Invalid(at, "", "must have one of configMapRef and secretRef"))
		}
		if s.ConfigMapRef != nil {
			c.require(s.ConfigMapRef.Name != "", at.Child("configMapRef", "name"), "")
		}
		if s.SecretRef != nil {
			c.require(s.SecretRef.Name != "", at.Child("secretRef", "name"), "")
		}
	}
}
