package fieldrules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	utilvalidation "k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// jobSpec is checked as in apis/batch/validation validateJobSpec.
func (c *checker) jobSpec(s *batchv1.JobSpec, path *field.Path) {
	for name, n := range map[string]*int32{
		"parallelism": s.Parallelism, "completions": s.Completions, "backoffLimit": s.BackoffLimit,
		"ttlSecondsAfterFinished": s.TTLSecondsAfterFinished, "backoffLimitPerIndex": s.BackoffLimitPerIndex, "maxFailedIndexes": s.MaxFailedIndexes,
	} {
		c.nonNegative(int64(value(n)), path.Child(name))
	}
	c.nonNegative(value(s.ActiveDeadlineSeconds), path.Child("activeDeadlineSeconds"))
	mode := value(s.CompletionMode)
	oneOf(c, mode, path.Child("completionMode"), batchv1.NonIndexedCompletion, batchv1.IndexedCompletion)
	if mode == batchv1.IndexedCompletion {
		c.require(s.Completions != nil || s.Parallelism == nil, path.Child("completions"), "give it: completionMode is Indexed") // SetDefaults_Job
	} else {
		for name, set := range map[string]bool{"backoffLimitPerIndex": s.BackoffLimitPerIndex != nil, "maxFailedIndexes": s.MaxFailedIndexes != nil, "successPolicy": s.SuccessPolicy != nil} {
			if set {
				c.add(field.Forbidden(path.Child(name), "remove it, or set completionMode: Indexed"))
			}
		}
	}
	c.jobFailures(s, path)
	c.jobSelector(s, path)
	c.template(&s.Template, path.Child("template"))
	policy := s.Template.Spec.RestartPolicy
	at := path.Child("template", "spec", "restartPolicy")
	switch {
	case policy == "":
		c.add(field.Required(at, "use OnFailure or Never"))
	case policy == corev1.RestartPolicyAlways:
		c.add(field.NotSupported(at, policy, []corev1.RestartPolicy{corev1.RestartPolicyOnFailure, corev1.RestartPolicyNever}))
	case s.PodFailurePolicy != nil && policy != corev1.RestartPolicyNever:
		c.add(field.Invalid(at, policy, "must be Never with podFailurePolicy"))
	}
}

// job is a Job of its own, whose name each pod of an indexed one has with its index (apis/batch/validation ValidateJob).
func (c *checker) job(o *batchv1.Job) {
	if s := &o.Spec; value(s.CompletionMode) == batchv1.IndexedCompletion && value(s.Completions) > 0 && c.minor >= 22 {
		if host := fmt.Sprintf("%s-%d", o.Name, *s.Completions-1); len(utilvalidation.IsDNS1123Label(host)) > 0 {
			c.add(field.Invalid(at("metadata").Child("name"), o.Name, "must be a DNS label with the index of each pod, such as "+host+", of at most 63 characters"))
		}
	}
	c.jobSpec(&o.Spec, at("spec"))
}

// jobSelector refuses a selector that the server would have to take for its own.
func (c *checker) jobSelector(s *batchv1.JobSpec, path *field.Path) {
	if value(s.ManualSelector) {
		c.require(s.Selector != nil, path.Child("selector"), "give it: manualSelector is true")
		c.selector(s.Selector, path.Child("selector"))
	} else if s.Selector != nil {
		c.add(field.Invalid(path.Child("selector"), "", "must not be set unless manualSelector is true"))
	}
}

// cronJob is checked as in apis/batch/validation validateCronJobSpec.
func (c *checker) cronJob(o *batchv1.CronJob) {
	s, path := &o.Spec, at("spec")
	if c.require(s.Schedule != "", path.Child("schedule"), "") {
		c.schedule(s.Schedule, path.Child("schedule"))
	}
	c.nonNegative(value(s.StartingDeadlineSeconds), path.Child("startingDeadlineSeconds"))
	c.nonNegative(int64(value(s.SuccessfulJobsHistoryLimit)), path.Child("successfulJobsHistoryLimit"))
	c.nonNegative(int64(value(s.FailedJobsHistoryLimit)), path.Child("failedJobsHistoryLimit"))
	oneOf(c, s.ConcurrencyPolicy, path.Child("concurrencyPolicy"), batchv1.AllowConcurrent, batchv1.ForbidConcurrent, batchv1.ReplaceConcurrent)
	if zone := s.TimeZone; zone != nil && (*zone == "" || strings.EqualFold(*zone, "local") || !zoneName.MatchString(*zone)) {
		c.add(field.Invalid(path.Child("timeZone"), *zone, "must be a name of the time zone database such as Europe/Berlin"))
	}
	if value(s.JobTemplate.Spec.ManualSelector) {
		c.add(field.Invalid(path.Child("jobTemplate", "spec", "manualSelector"), true, "must not be set: every job has a selector of its own"))
	}
	c.jobSpec(&s.JobTemplate.Spec, path.Child("jobTemplate", "spec"))
}

// zoneName is how names of the time zone database look; the database itself is the server's.
var zoneName = regexp.MustCompile(`^[A-Za-z_]{1,14}(/[A-Za-z0-9_+-]{1,32}){0,2}$|^Etc/GMT[+-][0-9]{1,2}$|^[A-Z0-9]{3,9}$`)

// cronFields are the ranges of a schedule's fields and the names that stand for numbers in them.
var cronFields = []struct {
	name      string
	low, high int
	words     string // from low on
}{
	{"minute", 0, 59, ""},
	{"hour", 0, 23, ""},
	{"day of month", 1, 31, ""},
	{"month", 1, 12, "jan feb mar apr may jun jul aug sep oct nov dec"},
	{"day of week", 0, 6, "sun mon tue wed thu fri sat"},
}

// schedule checks a schedule as the parser of github.com/robfig/cron/v3 (ParseStandard) does, without a time zone.
func (c *checker) schedule(text string, path *field.Path) {
	if strings.Contains(text, "TZ") {
		c.add(field.Invalid(path, text, "must not name a time zone; use spec.timeZone"))
		return
	}
	if strings.HasPrefix(text, "@") {
		every, isEvery := strings.CutPrefix(text, "@every ")
		if _, err := time.ParseDuration(every); isEvery && err != nil {
			c.add(field.Invalid(path, text, "must have a duration such as 1h30m after @every"))
		} else if !isEvery {
			oneOf(c, text, path, "@yearly", "@annually", "@monthly", "@weekly", "@daily", "@midnight", "@hourly")
		}
		return
	}
	fields := strings.Fields(text)
	if len(fields) != len(cronFields) {
		c.add(field.Invalid(path, text, "must have five fields: minute, hour, day of month, month, day of week"))
		return
	}
	for i, f := range fields {
		for part := range strings.SplitSeq(f, ",") {
			if !cronPart(part, cronFields[i].low, cronFields[i].high, strings.Fields(cronFields[i].words)) {
				c.add(field.Invalid(path, text, "has a wrong "+cronFields[i].name+", "+strconv.Quote(part)))
			}
		}
	}
}

// cronPart reports whether an element of a schedule's field is right: *, ?, a number, a range, each with an optional step.
func cronPart(part string, low, high int, words []string) bool {
	span, step, hasStep := strings.Cut(part, "/")
	if n, err := strconv.ParseUint(step, 10, 31); hasStep && (err != nil || n == 0) {
		return false
	}
	if span == "*" || span == "?" {
		return true
	}
	first, last, isRange := strings.Cut(span, "-")
	from, ok := cronNumber(first, low, words)
	if !isRange {
		return ok && from >= low && from <= high
	}
	to, also := cronNumber(last, low, words)
	return ok && also && from >= low && from <= to && to <= high
}

func cronNumber(text string, low int, words []string) (int, bool) {
	for i, word := range words {
		if strings.EqualFold(word, text) {
			return low + i, true
		}
	}
	n, err := strconv.ParseUint(text, 10, 31)
	return int(n), err == nil
}
