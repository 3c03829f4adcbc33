package fieldrules

import (
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// quotaScopes checks what a quota counts (apis/core/validation validateResourceQuotaScopes, validateScopedResourceSelectorRequirement).
func (c *checker) quotaScopes(o *corev1.ResourceQuota) {
	path := at("spec").Child("scopes")
	for i, scope := range o.Spec.Scopes {
		c.quotaScope(scope, o.Spec.Hard, path.Index(i))
	}
	c.opposedScopes(o.Spec.Scopes, path)
	if o.Spec.ScopeSelector == nil {
		return
	}
	path = at("spec").Child("scopeSelector", "matchExpressions")
	var scopes []corev1.ResourceQuotaScope
	for i, e := range o.Spec.ScopeSelector.MatchExpressions {
		at := path.Index(i)
		c.quotaScope(e.ScopeName, o.Spec.Hard, at.Child("scopeName"))
		scopes = append(scopes, e.ScopeName)
		oneOfRequired(c, e.Operator, at.Child("operator"), corev1.ScopeSelectorOpIn, corev1.ScopeSelectorOpNotIn, corev1.ScopeSelectorOpExists, corev1.ScopeSelectorOpDoesNotExist)
		switch e.Operator {
		case corev1.ScopeSelectorOpIn, corev1.ScopeSelectorOpNotIn:
			c.require(len(e.Values) > 0, at.Child("values"), "give at least one: the operator is "+string(e.Operator))
		case corev1.ScopeSelectorOpExists, corev1.ScopeSelectorOpDoesNotExist:
			if len(e.Values) > 0 {
				c.add(field.Invalid(at.Child("values"), e.Values, "must not be given: the operator is "+string(e.Operator)))
			}
		}
		if alone := !slices.Contains([]corev1.ResourceQuotaScope{corev1.ResourceQuotaScopePriorityClass, corev1.ResourceQuotaScopeVolumeAttributesClass}, e.ScopeName); alone && e.Operator != corev1.ScopeSelectorOpExists {
			c.add(field.Invalid(at.Child("operator"), e.Operator, "must be Exists for the scope "+string(e.ScopeName)))
		}
	}
	c.opposedScopes(scopes, path)
}

// quotaScope checks a scope, and that what the quota limits can have it (apis/core/helper IsResourceQuotaScopeValidForResource).
func (c *checker) quotaScope(scope corev1.ResourceQuotaScope, hard corev1.ResourceList, path *field.Path) {
	oneOfRequired(c, scope, path, corev1.ResourceQuotaScopeTerminating, corev1.ResourceQuotaScopeNotTerminating,
		corev1.ResourceQuotaScopeBestEffort, corev1.ResourceQuotaScopeNotBestEffort, corev1.ResourceQuotaScopePriorityClass,
		corev1.ResourceQuotaScopeCrossNamespacePodAffinity, corev1.ResourceQuotaScopeVolumeAttributesClass)
	can := []string{"pods", "cpu", "memory", "limits.cpu", "limits.memory", "requests.cpu", "requests.memory"}
	switch scope {
	case corev1.ResourceQuotaScopeBestEffort:
		can = []string{"pods"}
	case corev1.ResourceQuotaScopeVolumeAttributesClass:
		can = []string{"persistentvolumeclaims", "requests.storage"}
	}
	for name := range hard {
		if quotaName(string(name)) && !slices.Contains(can, string(name)) {
			c.add(field.Invalid(path, scope, "cannot be the scope of "+string(name)))
		}
	}
}

func (c *checker) opposedScopes(scopes []corev1.ResourceQuotaScope, path *field.Path) {
	for _, pair := range [][2]corev1.ResourceQuotaScope{
		{corev1.ResourceQuotaScopeBestEffort, corev1.ResourceQuotaScopeNotBestEffort}, {corev1.ResourceQuotaScopeTerminating, corev1.ResourceQuotaScopeNotTerminating},
	} {
		if slices.Contains(scopes, pair[0]) && slices.Contains(scopes, pair[1]) {
			c.add(field.Invalid(path, scopes, "must not have both "+string(pair[0])+" and "+string(pair[1])))
		}
	}
}
