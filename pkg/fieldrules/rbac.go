package fieldrules

import (
	rbacv1 "k8s.io/api/rbac/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func (c *checker) role(o *rbacv1.Role) { c.policyRules(o.Rules, true) }

// clusterRole is checked as in apis/rbac/validation ValidateClusterRole.
func (c *checker) clusterRole(o *rbacv1.ClusterRole) {
	c.policyRules(o.Rules, false)
	if a := o.AggregationRule; a != nil {
		path := at("aggregationRule").Child("clusterRoleSelectors")
		c.require(len(a.ClusterRoleSelectors) > 0, path, "give at least one selector")
		for i := range a.ClusterRoleSelectors {
			c.selector(&a.ClusterRoleSelectors[i], path.Index(i))
		}
	}
}

// policyRules is checked as in apis/rbac/validation ValidatePolicyRule.
func (c *checker) policyRules(rules []rbacv1.PolicyRule, namespaced bool) {
	for i, r := range rules {
		path := at("rules").Index(i)
		c.require(len(r.Verbs) > 0, path.Child("verbs"), "give at least one verb")
		if len(r.NonResourceURLs) == 0 {
			c.require(len(r.APIGroups) > 0, path.Child("apiGroups"), `give at least one group; "" is that of pods and services`)
			c.require(len(r.Resources) > 0, path.Child("resources"), "give at least one resource")
			continue
		}
		if namespaced {
			c.add(field.Forbidden(path.Child("nonResourceURLs"), "move it to a ClusterRole"))
		}
		if len(r.APIGroups)+len(r.Resources)+len(r.ResourceNames) > 0 {
			c.add(field.Forbidden(path.Child("nonResourceURLs"), "move it to a rule of its own, without resources"))
		}
	}
}

func (c *checker) roleBinding(o *rbacv1.RoleBinding) {
	c.binding(o.RoleRef, o.Subjects, true, "Role", "ClusterRole")
}

func (c *checker) clusterRoleBinding(o *rbacv1.ClusterRoleBinding) {
	c.binding(o.RoleRef, o.Subjects, false, "ClusterRole")
}

// binding is checked as in apis/rbac/validation ValidateRoleBinding and ValidateClusterRoleBinding.
func (c *checker) binding(ref rbacv1.RoleRef, subjects []rbacv1.Subject, namespaced bool, kinds ...string) {
	path := at("roleRef")
	oneOf(c, ref.APIGroup, path.Child("apiGroup"), rbacv1.GroupName)
	oneOfRequired(c, ref.Kind, path.Child("kind"), kinds...)
	if c.require(ref.Name != "", path.Child("name"), "") {
		c.messages(path.Child("name"), ref.Name, segment(ref.Name, false))
	}
	for i, s := range subjects {
		path := at("subjects").Index(i)
		c.require(s.Name != "", path.Child("name"), "")
		oneOfRequired(c, s.Kind, path.Child("kind"), rbacv1.ServiceAccountKind, rbacv1.UserKind, rbacv1.GroupKind)
		switch s.Kind {
		case rbacv1.ServiceAccountKind:
			if s.Name != "" {
				c.messages(path.Child("name"), s.Name, validation.ValidateServiceAccountName(s.Name, false))
			}
			if s.APIGroup != "" {
				c.add(field.NotSupported(path.Child("apiGroup"), s.APIGroup, []string{""}))
			}
			if !namespaced {
				c.require(s.Namespace != "", path.Child("namespace"), "give the namespace of the ServiceAccount")
			}
		case rbacv1.UserKind, rbacv1.GroupKind:
			oneOf(c, s.APIGroup, path.Child("apiGroup"), rbacv1.GroupName)
		}
	}
}
