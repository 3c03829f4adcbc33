package fieldrules

import (
	"strings"

	autoscalingv1 "k8s.io/api/autoscaling/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	policyv1 "k8s.io/api/policy/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// disruptionBudget is checked as in apis/policy/validation ValidatePodDisruptionBudgetSpec.
func (c *checker) disruptionBudget(o *policyv1.PodDisruptionBudget) {
	s, path := &o.Spec, at("spec")
	if s.MinAvailable != nil && s.MaxUnavailable != nil {
		c.add(field.Forbidden(path.Child("maxUnavailable"), "keep minAvailable or maxUnavailable"))
	}
	c.share(s.MinAvailable, path.Child("minAvailable"))
	c.atMostAll(s.MinAvailable, path.Child("minAvailable"))
	c.share(s.MaxUnavailable, path.Child("maxUnavailable"))
	c.atMostAll(s.MaxUnavailable, path.Child("maxUnavailable"))
	c.selector(s.Selector, path.Child("selector"))
	if p := s.UnhealthyPodEvictionPolicy; p != nil {
		oneOf(c, *p, path.Child("unhealthyPodEvictionPolicy"), policyv1.IfHealthyBudget, policyv1.AlwaysAllow)
	}
}

// autoscalerV1 checks what version 1 of an autoscaler shares with later ones.
func (c *checker) autoscalerV1(o *autoscalingv1.HorizontalPodAutoscaler) {
	ref := autoscalingv2.CrossVersionObjectReference(o.Spec.ScaleTargetRef)
	c.scaling(o.Spec.MinReplicas, o.Spec.MaxReplicas, ref)
	if p := o.Spec.TargetCPUUtilizationPercentage; p != nil {
		c.atLeast(int64(*p), 1, at("spec").Child("targetCPUUtilizationPercentage"))
	}
}

// scaling is checked as in apis/autoscaling/validation validateHorizontalPodAutoscalerSpec.
func (c *checker) scaling(low *int32, high int32, target autoscalingv2.CrossVersionObjectReference) {
	path := at("spec")
	if low != nil {
		c.atLeast(int64(*low), 1, path.Child("minReplicas"))
	}
	if c.require(high != 0, path.Child("maxReplicas"), "give a number of at least 1") {
		least := max(1, value(low))
		if high < least {
			c.add(field.Invalid(path.Child("maxReplicas"), high, "must be at least 1 and at least minReplicas"))
		}
	}
	path = path.Child("scaleTargetRef")
	if gv, err := schema.ParseGroupVersion(target.APIVersion); c.minor >= 34 && (err != nil || gv.Group == "" && target.Kind != "ReplicationController") {
		c.add(field.Invalid(path.Child("apiVersion"), target.APIVersion, "must be a group and a version such as apps/v1"))
	}
	for name, text := range map[string]string{"kind": target.Kind, "name": target.Name} {
		if c.require(text != "", path.Child(name), "") {
			c.messages(path.Child(name), text, segment(text, false))
		}
	}
}

func (c *checker) autoscaler(o *autoscalingv2.HorizontalPodAutoscaler) {
	c.scaling(o.Spec.MinReplicas, o.Spec.MaxReplicas, o.Spec.ScaleTargetRef)
	for i := range o.Spec.Metrics {
		c.metric(&o.Spec.Metrics[i], at("spec").Child("metrics").Index(i))
	}
	if b := o.Spec.Behavior; b != nil {
		c.scalingRules(b.ScaleUp, at("spec").Child("behavior", "scaleUp"))
		c.scalingRules(b.ScaleDown, at("spec").Child("behavior", "scaleDown"))
	}
}

// metric wants the one source that its type names (apis/autoscaling/validation validateMetricSpec).
func (c *checker) metric(m *autoscalingv2.MetricSpec, path *field.Path) {
	sources := metricSources(m)
	oneOfRequired(c, m.Type, path.Child("type"), autoscalingv2.ObjectMetricSourceType, autoscalingv2.PodsMetricSourceType,
		autoscalingv2.ResourceMetricSourceType, autoscalingv2.ContainerResourceMetricSourceType, autoscalingv2.ExternalMetricSourceType)
	if _, given := sources[m.Type]; !given {
		c.add(field.Required(path, "give the source that type names"))
	}
	for kind, source := range sources {
		if kind != m.Type {
			c.add(field.Forbidden(path.Child(source.name), "remove it: type is "+string(m.Type)))
			continue
		}
		c.require(source.metric != "", path.Child(source.name), "name the metric")
		c.metricTarget(source.target, path.Child(source.name, "target"))
		c.metricValue(kind, source.target, path.Child(source.name, "target"))
	}
}

// A metricSource is a source of a metric that is given.
type metricSource struct {
	name   string // of its field
	metric string
	target *autoscalingv2.MetricTarget
}

func metricSources(m *autoscalingv2.MetricSpec) map[autoscalingv2.MetricSourceType]metricSource {
	sources := map[autoscalingv2.MetricSourceType]metricSource{}
	if m.Object != nil {
		sources[autoscalingv2.ObjectMetricSourceType] = metricSource{"object", m.Object.Metric.Name, &m.Object.Target}
	}
	if m.Pods != nil {
		sources[autoscalingv2.PodsMetricSourceType] = metricSource{"pods", m.Pods.Metric.Name, &m.Pods.Target}
	}
	if m.Resource != nil {
		sources[autoscalingv2.ResourceMetricSourceType] = metricSource{"resource", string(m.Resource.Name), &m.Resource.Target}
	}
	if m.ContainerResource != nil {
		sources[autoscalingv2.ContainerResourceMetricSourceType] = metricSource{"containerResource", string(m.ContainerResource.Name), &m.ContainerResource.Target}
	}
	if m.External != nil {
		sources[autoscalingv2.ExternalMetricSourceType] = metricSource{"external", m.External.Metric.Name, &m.External.Target}
	}
	return sources
}

func (c *checker) metricTarget(t *autoscalingv2.MetricTarget, path *field.Path) {
	oneOfRequired(c, t.Type, path.Child("type"), autoscalingv2.UtilizationMetricType, autoscalingv2.ValueMetricType, autoscalingv2.AverageValueMetricType)
	if t.Value != nil && t.Value.Sign() <= 0 {
		c.add(field.Invalid(path.Child("value"), t.Value.String(), "must be greater than 0"))
	}
	if t.AverageValue != nil && t.AverageValue.Sign() <= 0 {
		c.add(field.Invalid(path.Child("averageValue"), t.AverageValue.String(), "must be greater than 0"))
	}
	if t.AverageUtilization != nil {
		c.atLeast(int64(*t.AverageUtilization), 1, path.Child("averageUtilization"))
	}
	if t.Value == nil && t.AverageValue == nil && t.AverageUtilization == nil {
		c.add(field.Required(path, "give the value that type names"))
	}
}

// metricValue wants the value by which a kind of metric is measured (apis/autoscaling/validation validatePodsSource,
// validateResourceSource).
func (c *checker) metricValue(kind autoscalingv2.MetricSourceType, t *autoscalingv2.MetricTarget, path *field.Path) {
	switch kind {
	case autoscalingv2.PodsMetricSourceType:
		c.require(t.AverageValue != nil, path.Child("averageValue"), "give it: the metric is of pods")
	case autoscalingv2.ResourceMetricSourceType, autoscalingv2.ContainerResourceMetricSourceType:
		if t.AverageUtilization != nil && t.AverageValue != nil {
			c.add(field.Forbidden(path.Child("averageValue"), "remove it, or averageUtilization"))
		}
	}
}

func (c *checker) scalingRules(r *autoscalingv2.HPAScalingRules, path *field.Path) {
	if r == nil {
		return
	}
	if w := r.StabilizationWindowSeconds; w != nil {
		c.between(int64(*w), 0, 3600, path.Child("stabilizationWindowSeconds"))
	}
	if r.Policies != nil { // the server completes what is not given
		c.require(len(r.Policies) > 0, path.Child("policies"), "give at least one policy")
	}
	if t := r.Tolerance; t != nil && t.Sign() < 0 {
		c.add(field.Invalid(path.Child("tolerance"), t.String(), "must be at least 0"))
	}
	oneOf(c, value(r.SelectPolicy), path.Child("selectPolicy"), autoscalingv2.MaxChangePolicySelect, autoscalingv2.MinChangePolicySelect, autoscalingv2.DisabledPolicySelect)
	for i, p := range r.Policies {
		at := path.Child("policies").Index(i)
		oneOfRequired(c, p.Type, at.Child("type"), autoscalingv2.PodsScalingPolicy, autoscalingv2.PercentScalingPolicy)
		c.atLeast(int64(p.Value), 1, at.Child("value"))
		c.between(int64(p.PeriodSeconds), 1, 1800, at.Child("periodSeconds"))
	}
}

// driverName checks the name of a CSI driver (apis/core/validation ValidateCSIDriverName).
func driverName(name string) []string {
	if len(name) > 63 {
		return []string{"must be at most 63 characters"}
	}
	return utilvalidation.IsDNS1123Subdomain(strings.ToLower(name))
}
