package fieldrules

import (
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// jobFailures checks what becomes of a job whose pods fail (apis/batch/validation validateJobSpec, validatePodFailurePolicy).
func (c *checker) jobFailures(s *batchv1.JobSpec, path *field.Path) {
	if s.MaxFailedIndexes != nil {
		c.require(s.BackoffLimitPerIndex != nil, path.Child("backoffLimitPerIndex"), "give it: maxFailedIndexes is given")
	}
	if s.ManagedBy != nil {
		c.add(utilvalidation.IsDomainPrefixedPath(path.Child("managedBy"), *s.ManagedBy)...)
	}
	if p := s.PodReplacementPolicy; p != nil {
		oneOf(c, *p, path.Child("podReplacementPolicy"), batchv1.TerminatingOrFailed, batchv1.Failed)
		if s.PodFailurePolicy != nil && *p == batchv1.TerminatingOrFailed {
			c.add(field.Invalid(path.Child("podReplacementPolicy"), *p, "must be Failed with podFailurePolicy"))
		}
	}
	if s.PodFailurePolicy == nil {
		return
	}
	path = path.Child("podFailurePolicy", "rules")
	if n := len(s.PodFailurePolicy.Rules); n > 20 {
		c.add(field.TooMany(path, n, 20))
	}
	for i := range s.PodFailurePolicy.Rules {
		c.failureRule(s, &s.PodFailurePolicy.Rules[i], path.Index(i))
	}
}

func (c *checker) failureRule(s *batchv1.JobSpec, r *batchv1.PodFailurePolicyRule, path *field.Path) {
	oneOfRequired(c, r.Action, path.Child("action"), batchv1.PodFailurePolicyActionFailJob, batchv1.PodFailurePolicyActionFailIndex,
		batchv1.PodFailurePolicyActionIgnore, batchv1.PodFailurePolicyActionCount)
	if r.Action == batchv1.PodFailurePolicyActionFailIndex {
		c.require(s.BackoffLimitPerIndex != nil, path.Child("action"), "give backoffLimitPerIndex, or use another action")
	}
	if (r.OnExitCodes == nil) == (len(r.OnPodConditions) == 0) {
		c.add(field.Required(path, "give one of onExitCodes and onPodConditions"))
	}
	for i, condition := range r.OnPodConditions {
		at := path.Child("onPodConditions").Index(i)
		c.messages(at.Child("type"), condition.Type, utilvalidation.IsQualifiedName(string(condition.Type)))
		oneOf(c, condition.Status, at.Child("status"), corev1.ConditionTrue, corev1.ConditionFalse, corev1.ConditionUnknown)
	}
	if r.OnExitCodes != nil {
		c.exitCodes(s, r.OnExitCodes, path.Child("onExitCodes"))
	}
}

func (c *checker) exitCodes(s *batchv1.JobSpec, on *batchv1.PodFailurePolicyOnExitCodesRequirement, path *field.Path) {
	oneOfRequired(c, on.Operator, path.Child("operator"), batchv1.PodFailurePolicyOnExitCodesOpIn, batchv1.PodFailurePolicyOnExitCodesOpNotIn)
	if name := on.ContainerName; name != nil {
		found := false
		eachContainer(&s.Template.Spec, path, func(o *corev1.Container, _ *field.Path) { found = found || o.Name == *name })
		if !found {
			c.add(field.Invalid(path.Child("containerName"), *name, "must be the name of a container of the template"))
		}
	}
	path = path.Child("values")
	c.require(len(on.Values) > 0, path, "give at least one exit code")
	if len(on.Values) > 255 {
		c.add(field.TooMany(path, len(on.Values), 255))
	}
	seen := map[int32]bool{}
	for i, code := range on.Values {
		if code == 0 && on.Operator == batchv1.PodFailurePolicyOnExitCodesOpIn {
			c.add(field.Invalid(path.Index(i), code, "must not be 0 with the operator In"))
		}
		unique(c, seen, code, path.Index(i))
	}
	if !slices.IsSorted(on.Values) {
		c.add(field.Invalid(path, on.Values, "must be in ascending order"))
	}
}
