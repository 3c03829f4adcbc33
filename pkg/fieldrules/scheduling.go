package fieldrules

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/validation"
	metavalidation "k8s.io/apimachinery/pkg/apis/meta/v1/validation"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// tolerations are checked as in apis/core/validation ValidateTolerations.
func (c *checker) tolerations(all []corev1.Toleration, path *field.Path) {
	for i, t := range all {
		at := path.Index(i)
		if t.Key != "" {
			c.add(metavalidation.ValidateLabelName(t.Key, at.Child("key"))...)
		} else if t.Operator != corev1.TolerationOpExists {
			c.add(field.Invalid(at.Child("operator"), t.Operator, "must be Exists, or give a key"))
		}
		if t.TolerationSeconds != nil && t.Effect != corev1.TaintEffectNoExecute {
			c.add(field.Invalid(at.Child("effect"), t.Effect, "must be NoExecute with tolerationSeconds"))
		}
		switch t.Operator {
		case corev1.TolerationOpExists:
			if t.Value != "" {
				c.add(field.Invalid(at.Child("value"), t.Value, "must be empty with operator Exists"))
			}
		case corev1.TolerationOpEqual, "":
			c.messages(at.Child("value"), t.Value, utilvalidation.IsValidLabelValue(t.Value))
		default:
			c.add(field.NotSupported(at.Child("operator"), t.Operator, []corev1.TolerationOperator{corev1.TolerationOpEqual, corev1.TolerationOpExists}))
		}
		c.taintEffect(t.Effect, at.Child("effect"))
	}
}

func (c *checker) taintEffect(e corev1.TaintEffect, path *field.Path) {
	oneOf(c, e, path, corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute)
}

// affinity is checked as in apis/core/validation validateAffinity.
func (c *checker) affinity(a *corev1.Affinity, path *field.Path) {
	if a == nil {
		return
	}
	const required, preferred = "requiredDuringSchedulingIgnoredDuringExecution", "preferredDuringSchedulingIgnoredDuringExecution"
	if n := a.NodeAffinity; n != nil {
		at := path.Child("nodeAffinity")
		if n.RequiredDuringSchedulingIgnoredDuringExecution != nil {
			c.nodeSelector(n.RequiredDuringSchedulingIgnoredDuringExecution, at.Child(required))
		}
		for i, term := range n.PreferredDuringSchedulingIgnoredDuringExecution {
			c.between(int64(term.Weight), 1, 100, at.Child(preferred).Index(i).Child("weight"))
			c.nodeTerm(&term.Preference, at.Child(preferred).Index(i).Child("preference"))
		}
	}
	pods := func(hard []corev1.PodAffinityTerm, soft []corev1.WeightedPodAffinityTerm, at *field.Path) {
		for i := range hard {
			c.podTerm(&hard[i], at.Child(required).Index(i))
		}
		for i := range soft {
			c.between(int64(soft[i].Weight), 1, 100, at.Child(preferred).Index(i).Child("weight"))
			c.podTerm(&soft[i].PodAffinityTerm, at.Child(preferred).Index(i).Child("podAffinityTerm"))
		}
	}
	if p := a.PodAffinity; p != nil {
		pods(p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAffinity"))
	}
	if p := a.PodAntiAffinity; p != nil {
		pods(p.RequiredDuringSchedulingIgnoredDuringExecution, p.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAntiAffinity"))
	}
}

// nodeSelector is checked as in apis/core/validation ValidateNodeSelector.
func (c *checker) nodeSelector(s *corev1.NodeSelector, path *field.Path) {
	c.require(len(s.NodeSelectorTerms) > 0, path.Child("nodeSelectorTerms"), "give at least one term")
	for i := range s.NodeSelectorTerms {
		c.nodeTerm(&s.NodeSelectorTerms[i], path.Child("nodeSelectorTerms").Index(i))
	}
}

func (c *checker) nodeTerm(t *corev1.NodeSelectorTerm, path *field.Path) {
	for i, r := range t.MatchExpressions {
		at := path.Child("matchExpressions").Index(i)
		c.add(metavalidation.ValidateLabelName(r.Key, at.Child("key"))...)
		switch r.Operator {
		case corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn:
			c.require(len(r.Values) > 0, at.Child("values"), "give values: the operator is In or NotIn")
		case corev1.NodeSelectorOpExists, corev1.NodeSelectorOpDoesNotExist:
			if len(r.Values) > 0 {
				c.add(field.Forbidden(at.Child("values"), "remove them: the operator is Exists or DoesNotExist"))
			}
		case corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt:
			c.require(len(r.Values) == 1, at.Child("values"), "give exactly one value: the operator is Gt or Lt")
		default:
			oneOf(c, r.Operator, at.Child("operator"), corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn, corev1.NodeSelectorOpExists,
				corev1.NodeSelectorOpDoesNotExist, corev1.NodeSelectorOpGt, corev1.NodeSelectorOpLt)
		}
		for j, v := range r.Values {
			c.messages(at.Child("values").Index(j), v, utilvalidation.IsValidLabelValue(v))
		}
	}
	for i, r := range t.MatchFields {
		at := path.Child("matchFields").Index(i)
		oneOf(c, r.Key, at.Child("key"), "metadata.name")
		oneOf(c, r.Operator, at.Child("operator"), corev1.NodeSelectorOpIn, corev1.NodeSelectorOpNotIn)
		c.require(len(r.Values) == 1, at.Child("values"), "give exactly one value")
	}
}

func (c *checker) podTerm(t *corev1.PodAffinityTerm, path *field.Path) {
	c.selector(t.LabelSelector, path.Child("labelSelector"))
	c.selector(t.NamespaceSelector, path.Child("namespaceSelector"))
	for i, name := range t.Namespaces {
		c.messages(path.Child("namespaces").Index(i), name, validation.ValidateNamespaceName(name, false))
	}
	if c.require(t.TopologyKey != "", path.Child("topologyKey"), "") {
		c.add(metavalidation.ValidateLabelName(t.TopologyKey, path.Child("topologyKey"))...)
	}
}

// topologySpread is checked as in apis/core/validation validateTopologySpreadConstraints.
func (c *checker) topologySpread(all []corev1.TopologySpreadConstraint, path *field.Path) {
	seen := map[string]bool{}
	for i, t := range all {
		at := path.Index(i)
		c.atLeast(int64(t.MaxSkew), 1, at.Child("maxSkew"))
		if c.require(t.TopologyKey != "", at.Child("topologyKey"), "") {
			c.add(metavalidation.ValidateLabelName(t.TopologyKey, at.Child("topologyKey"))...)
		}
		oneOfRequired(c, t.WhenUnsatisfiable, at.Child("whenUnsatisfiable"), corev1.DoNotSchedule, corev1.ScheduleAnyway)
		unique(c, seen, t.TopologyKey+" "+string(t.WhenUnsatisfiable), at.Child("topologyKey"))
		if t.MinDomains != nil {
			c.atLeast(int64(*t.MinDomains), 1, at.Child("minDomains"))
			if t.WhenUnsatisfiable != corev1.DoNotSchedule {
				c.add(field.Invalid(at.Child("minDomains"), *t.MinDomains, "needs whenUnsatisfiable: DoNotSchedule"))
			}
		}
		for name, policy := range map[string]*corev1.NodeInclusionPolicy{"nodeAffinityPolicy": t.NodeAffinityPolicy, "nodeTaintsPolicy": t.NodeTaintsPolicy} {
			if policy != nil {
				oneOf(c, *policy, at.Child(name), corev1.NodeInclusionPolicyHonor, corev1.NodeInclusionPolicyIgnore)
			}
		}
		c.selector(t.LabelSelector, at.Child("labelSelector"))
	}
}
