package fieldrules

import (
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/intstr"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// workload checks what controllers of pods have: a selector that matches the template, and pods that are always restarted.
func (c *checker) workload(s *metav1.LabelSelector, t *corev1.PodTemplateSpec) {
	path := at("spec").Child("selector")
	if c.require(s != nil, path, "give the labels of the template") {
		c.selector(s, path)
		if len(s.MatchLabels)+len(s.MatchExpressions) == 0 {
			c.add(field.Invalid(path, "", "must not be empty"))
		}
		if match, err := metav1.LabelSelectorAsSelector(s); err == nil && !match.Matches(labels.Set(t.Labels)) {
			c.add(field.Invalid(at("spec").Child("template", "metadata", "labels"), t.Labels, "must be matched by spec.selector"))
		}
	}
	c.alwaysRestarted(t)
	c.template(t, at("spec").Child("template"))
}

func (c *checker) alwaysRestarted(t *corev1.PodTemplateSpec) {
	path := at("spec").Child("template", "spec")
	if p := t.Spec.RestartPolicy; p == corev1.RestartPolicyNever || p == corev1.RestartPolicyOnFailure {
		c.add(field.NotSupported(path.Child("restartPolicy"), p, []corev1.RestartPolicy{corev1.RestartPolicyAlways}))
	}
	if t.Spec.ActiveDeadlineSeconds != nil {
		c.add(field.Forbidden(path.Child("activeDeadlineSeconds"), "remove it: only pods and jobs have one"))
	}
}

// deployment is checked as in apis/apps/validation ValidateDeploymentSpec.
func (c *checker) deployment(o *appsv1.Deployment) {
	s := &o.Spec
	c.workload(orLabels(s.Selector, &s.Template, o.APIVersion), &s.Template)
	path := at("spec")
	c.nonNegative(int64(value(s.Replicas)), path.Child("replicas"))
	c.nonNegative(int64(s.MinReadySeconds), path.Child("minReadySeconds"))
	c.nonNegative(int64(value(s.RevisionHistoryLimit)), path.Child("revisionHistoryLimit"))
	if s.ProgressDeadlineSeconds != nil {
		c.nonNegative(int64(*s.ProgressDeadlineSeconds), path.Child("progressDeadlineSeconds"))
		if *s.ProgressDeadlineSeconds <= s.MinReadySeconds {
			c.add(field.Invalid(path.Child("progressDeadlineSeconds"), *s.ProgressDeadlineSeconds, "must be greater than minReadySeconds"))
		}
	}
	path = path.Child("strategy")
	oneOf(c, s.Strategy.Type, path.Child("type"), appsv1.RecreateDeploymentStrategyType, appsv1.RollingUpdateDeploymentStrategyType)
	if s.Strategy.RollingUpdate == nil {
		return
	}
	if s.Strategy.Type == appsv1.RecreateDeploymentStrategyType {
		c.add(field.Forbidden(path.Child("rollingUpdate"), "remove it: the strategy is Recreate"))
		return
	}
	c.rolling(s.Strategy.RollingUpdate.MaxUnavailable, s.Strategy.RollingUpdate.MaxSurge, path.Child("rollingUpdate"))
}

// orLabels is the selector of a workload; the beta versions default it to the template's labels.
func orLabels(s *metav1.LabelSelector, t *corev1.PodTemplateSpec, version string) *metav1.LabelSelector {
	if s == nil && (version == "extensions/v1beta1" || version == "apps/v1beta1") {
		return &metav1.LabelSelector{MatchLabels: t.Labels}
	}
	return s
}

// rolling checks maxUnavailable and maxSurge, of which one must move (apis/apps/validation ValidateRollingUpdateDeployment).
func (c *checker) rolling(unavailable, surge *intstr.IntOrString, path *field.Path) {
	c.share(unavailable, path.Child("maxUnavailable"))
	c.share(surge, path.Child("maxSurge"))
	if unavailable != nil && surge != nil && zero(*unavailable) && zero(*surge) {
		c.add(field.Invalid(path.Child("maxUnavailable"), unavailable.String(), "must not be 0 when maxSurge is 0"))
	}
	c.atMostAll(unavailable, path.Child("maxUnavailable"))
}

func zero(v intstr.IntOrString) bool {
	return v.Type == intstr.Int && v.IntVal == 0 || v.Type == intstr.String && v.StrVal == "0%"
}

// share checks a whole number or a percentage.
func (c *checker) share(v *intstr.IntOrString, path *field.Path) {
	switch {
	case v == nil:
	case v.Type == intstr.String:
		c.messages(path, v.StrVal, utilvalidation.IsValidPercent(v.StrVal))
	default:
		c.nonNegative(int64(v.IntVal), path)
	}
}

// atMostAll refuses percentages above 100.
func (c *checker) atMostAll(v *intstr.IntOrString, path *field.Path) {
	if v == nil || v.Type != intstr.String || len(utilvalidation.IsValidPercent(v.StrVal)) > 0 {
		return
	}
	if n, err := intstr.GetScaledValueFromIntOrPercent(v, 100, false); err == nil && n > 100 {
		c.add(field.Invalid(path, v.StrVal, "must be at most 100%"))
	}
}

// daemonSet is checked as in apis/apps/validation ValidateDaemonSetSpec.
func (c *checker) daemonSet(o *appsv1.DaemonSet) {
	s := &o.Spec
	c.workload(orLabels(s.Selector, &s.Template, o.APIVersion), &s.Template)
	c.nonNegative(int64(s.MinReadySeconds), at("spec").Child("minReadySeconds"))
	c.nonNegative(int64(value(s.RevisionHistoryLimit)), at("spec").Child("revisionHistoryLimit"))
	path := at("spec").Child("updateStrategy")
	oneOf(c, s.UpdateStrategy.Type, path.Child("type"), appsv1.RollingUpdateDaemonSetStrategyType, appsv1.OnDeleteDaemonSetStrategyType)
	r := s.UpdateStrategy.RollingUpdate
	if r == nil || s.UpdateStrategy.Type == appsv1.OnDeleteDaemonSetStrategyType {
		return
	}
	path = path.Child("rollingUpdate")
	c.share(r.MaxUnavailable, path.Child("maxUnavailable"))
	c.share(r.MaxSurge, path.Child("maxSurge"))
	c.atMostAll(r.MaxUnavailable, path.Child("maxUnavailable"))
	c.atMostAll(r.MaxSurge, path.Child("maxSurge"))
	surges := r.MaxSurge != nil && !zero(*r.MaxSurge)
	switch {
	case surges && (r.MaxUnavailable == nil || !zero(*r.MaxUnavailable)):
		c.add(field.Invalid(path.Child("maxSurge"), r.MaxSurge.String(), "needs maxUnavailable: 0"))
	case !surges && r.MaxUnavailable != nil && zero(*r.MaxUnavailable):
		c.add(field.Invalid(path.Child("maxUnavailable"), r.MaxUnavailable.String(), "must not be 0 unless maxSurge is given"))
	}
}

// statefulSet is checked as in apis/apps/validation ValidateStatefulSetSpec.
func (c *checker) statefulSet(o *appsv1.StatefulSet) {
	s := &o.Spec
	t := s.Template.DeepCopy()
	for i := range s.VolumeClaimTemplates {
		claim := &s.VolumeClaimTemplates[i]
		c.claimTemplate(claim, at("spec").Child("volumeClaimTemplates").Index(i))
		t.Spec.Volumes = append(t.Spec.Volumes, corev1.Volume{Name: claim.Name})
	}
	t.Spec.Volumes = lastOfName(t.Spec.Volumes)
	c.workload(orLabels(s.Selector, t, o.APIVersion), t)
	path := at("spec")
	oneOf(c, s.PodManagementPolicy, path.Child("podManagementPolicy"), appsv1.OrderedReadyPodManagement, appsv1.ParallelPodManagement)
	c.nonNegative(int64(value(s.Replicas)), path.Child("replicas"))
	c.nonNegative(int64(s.MinReadySeconds), path.Child("minReadySeconds"))
	if p := s.PersistentVolumeClaimRetentionPolicy; p != nil {
		for name, when := range map[string]appsv1.PersistentVolumeClaimRetentionPolicyType{"whenDeleted": p.WhenDeleted, "whenScaled": p.WhenScaled} {
			oneOf(c, when, path.Child("persistentVolumeClaimRetentionPolicy", name), appsv1.RetainPersistentVolumeClaimRetentionPolicyType, appsv1.DeletePersistentVolumeClaimRetentionPolicyType)
		}
	}
	if s.Ordinals != nil {
		c.nonNegative(int64(s.Ordinals.Start), path.Child("ordinals", "start"))
	}
	if s.ServiceName != "" && c.minor >= 34 {
		c.messages(path.Child("serviceName"), s.ServiceName, utilvalidation.IsDNS1123Label(s.ServiceName))
	}
	path = path.Child("updateStrategy")
	oneOf(c, s.UpdateStrategy.Type, path.Child("type"), appsv1.RollingUpdateStatefulSetStrategyType, appsv1.OnDeleteStatefulSetStrategyType)
	if r := s.UpdateStrategy.RollingUpdate; r != nil {
		if s.UpdateStrategy.Type == appsv1.OnDeleteStatefulSetStrategyType {
			c.add(field.Forbidden(path.Child("rollingUpdate"), "remove it: the strategy is OnDelete"))
		}
		c.nonNegative(int64(value(r.Partition)), path.Child("rollingUpdate", "partition"))
	}
}

// lastOfName drops volumes that a claim template of the same name replaces.
func lastOfName(volumes []corev1.Volume) []corev1.Volume {
	last := map[string]int{}
	for i, v := range volumes {
		last[v.Name] = i
	}
	var kept []corev1.Volume
	for i, v := range volumes {
		if last[v.Name] == i {
			kept = append(kept, v)
		}
	}
	return kept
}

// claimTemplate checks what a claim is made from; servers before 1.34 did so when they made it, too late for a refusal.
func (c *checker) claimTemplate(claim *corev1.PersistentVolumeClaim, path *field.Path) {
	if c.minor >= 34 {
		c.claimSpec(&claim.Spec, path.Child("spec"))
	}
}

func (c *checker) replicaSet(o *appsv1.ReplicaSet) {
	c.workload(orLabels(o.Spec.Selector, &o.Spec.Template, o.APIVersion), &o.Spec.Template)
	c.nonNegative(int64(value(o.Spec.Replicas)), at("spec").Child("replicas"))
	c.nonNegative(int64(o.Spec.MinReadySeconds), at("spec").Child("minReadySeconds"))
}

// replicationController has a plain map for a selector, which defaults to the template's labels.
func (c *checker) replicationController(o *corev1.ReplicationController) {
	c.nonNegative(int64(value(o.Spec.Replicas)), at("spec").Child("replicas"))
	if !c.require(o.Spec.Template != nil, at("spec").Child("template"), "") {
		return
	}
	selector := o.Spec.Selector
	if len(selector) == 0 {
		selector = o.Spec.Template.Labels
	}
	c.require(len(selector) > 0, at("spec").Child("selector"), "give the labels of the template")
	if !labels.SelectorFromSet(selector).Matches(labels.Set(o.Spec.Template.Labels)) {
		c.add(field.Invalid(at("spec").Child("template", "metadata", "labels"), o.Spec.Template.Labels, "must be matched by spec.selector"))
	}
	c.alwaysRestarted(o.Spec.Template)
	c.template(o.Spec.Template, at("spec").Child("template"))
}
