package fieldrules

import (
	"encoding/json"

	corev1 "k8s.io/api/core/v1"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// configMap is checked as in apis/core/validation ValidateConfigMap.
func (c *checker) configMap(o *corev1.ConfigMap) {
	size := 0
	for key, text := range o.Data {
		c.messages(at("data").Key(key), key, utilvalidation.IsConfigMapKey(key))
		if _, twice := o.BinaryData[key]; twice {
			c.add(field.Duplicate(at("data").Key(key), key))
		}
		size += len(text)
	}
	for key, bytes := range o.BinaryData {
		c.messages(at("binaryData").Key(key), key, utilvalidation.IsConfigMapKey(key))
		size += len(bytes)
	}
	if size > corev1.MaxSecretSize {
		c.add(field.TooLong(at("data"), "", corev1.MaxSecretSize))
	}
}

// secretKeys are what Secrets of a type must hold, one of each list (apis/core/validation ValidateSecret).
var secretKeys = map[corev1.SecretType][][]string{
	corev1.SecretTypeDockercfg:        {{corev1.DockerConfigKey}},
	corev1.SecretTypeDockerConfigJson: {{corev1.DockerConfigJsonKey}},
	corev1.SecretTypeBasicAuth:        {{corev1.BasicAuthUsernameKey, corev1.BasicAuthPasswordKey}},
	corev1.SecretTypeSSHAuth:          {{corev1.SSHAuthPrivateKey}},
	corev1.SecretTypeTLS:              {{corev1.TLSCertKey}, {corev1.TLSPrivateKeyKey}},
}

// secret never puts a value into a fault.
func (c *checker) secret(o *corev1.Secret) {
	data := map[string][]byte{}
	for key, bytes := range o.Data {
		data[key] = bytes
	}
	for key, text := range o.StringData { // it goes before data
		data[key] = []byte(text)
	}
	size := 0
	for key, bytes := range data {
		c.messages(at("data").Key(key), key, utilvalidation.IsConfigMapKey(key))
		size += len(bytes)
	}
	if size > corev1.MaxSecretSize {
		c.add(field.TooLong(at("data"), "", corev1.MaxSecretSize))
	}
	for _, oneOf := range secretKeys[o.Type] {
		found := false
		for _, key := range oneOf {
			bytes, ok := data[key]
			found = found || ok
			isJSON := key == corev1.DockerConfigKey || key == corev1.DockerConfigJsonKey
			if ok && isJSON && json.Unmarshal(bytes, &map[string]any{}) != nil {
				c.add(field.Forbidden(at("data").Key(key), "give a JSON object: the type is "+string(o.Type)))
			}
			if ok && key == corev1.SSHAuthPrivateKey && len(bytes) == 0 {
				c.add(field.Required(at("data").Key(key), ""))
			}
		}
		c.require(found, at("data").Key(oneOf[0]), "give it: the type is "+string(o.Type))
	}
	if o.Type == corev1.SecretTypeServiceAccountToken {
		c.require(o.Annotations[corev1.ServiceAccountNameKey] != "", at("metadata").Child("annotations").Key(corev1.ServiceAccountNameKey), "name the ServiceAccount")
	}
}

// node is checked as in apis/core/validation ValidateNode.
func (c *checker) node(o *corev1.Node) {
	seen := map[string]bool{}
	for i, t := range o.Spec.Taints {
		path := at("spec").Child("taints").Index(i)
		c.add(metavalidation.ValidateLabelName(t.Key, path.Child("key"))...)
		c.messages(path.Child("value"), t.Value, utilvalidation.IsValidLabelValue(t.Value))
		c.require(t.Effect != "", path.Child("effect"), "")
		c.taintEffect(t.Effect, path.Child("effect"))
		unique(c, seen, t.Key+":"+string(t.Effect), path)
	}
	for i, cidr := range o.Spec.PodCIDRs {
		c.cidr(cidr, at("spec").Child("podCIDRs").Index(i))
	}
	if o.Spec.PodCIDR != "" && len(o.Spec.PodCIDRs) == 0 {
		c.cidr(o.Spec.PodCIDR, at("spec").Child("podCIDR"))
	}
}
