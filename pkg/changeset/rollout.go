package changeset

import (
	"math"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/intstr"
)

// A Rollout says how the pods of a workload are replaced, and how long that takes at least.
type Rollout struct {
	Workload     manifest.ID `json:"workload"`
	Pods         int64       `json:"pods"`         // 0 for a DaemonSet if the number of nodes is not known
	AtOnce       int64       `json:"atOnce"`       // how many pods are replaced at one time; 0 for all
	Rounds       int64       `json:"rounds"`       // 0 if the number of nodes is not known
	RoundSeconds int64       `json:"roundSeconds"` // that one round takes at least: a second to start, the delay of the readiness probe, minReadySeconds
	GraceSeconds int64       `json:"graceSeconds"` // that the old pods may take to end besides, in each round
	Gap          bool        `json:"gap"`          // the old pod ends before the new one starts
}

// LeastSeconds is how long all rounds take at least; 0 if the number of nodes is not known.
func (r Rollout) LeastSeconds() int64 { return r.Rounds * r.RoundSeconds }

// Rollout returns how the pods of the changed object itself are replaced; false if they are not.
func (c Change) Rollout() (Rollout, bool) {
	if c.Wanted == nil || c.Effect != Restart && c.Effect != Absence {
		return Rollout{}, false
	}
	for _, p := range c.Pods {
		if p.Workload == c.ID && p.Reaction == Restarts {
			return rolloutOf(c, p.Count), true
		}
	}
	return Rollout{}, false
}

func rolloutOf(c Change, pods int64) Rollout {
	r := Rollout{Workload: c.ID, Pods: pods}
	r.RoundSeconds, r.GraceSeconds = roundOf(c.Wanted)
	if r.AtOnce, r.Gap = atOnce(c.Wanted, pods); c.Effect == Absence {
		r.AtOnce, r.Gap = 0, true
	}
	switch {
	case pods > 0 && r.AtOnce == 0:
		r.Rounds = 1
	case pods > 0:
		r.Rounds = (pods + r.AtOnce - 1) / r.AtOnce
	}
	return r
}

// atOnce returns how many pods of a workload are replaced at one time, 0 for all of them, and whether an old one ends before the
// new one starts. Defaults are those of apps/v1.
func atOnce(o *manifest.Object, pods int64) (n int64, gap bool) {
	number := func(missing intstr.IntOrString, up bool, path ...string) int64 {
		value, _, _ := unstructured.NestedFieldNoCopy(o.Object, path...)
		given := missing
		switch v := value.(type) {
		case int64:
			given = intstr.FromInt32(int32(min(v, math.MaxInt32)))
		case string:
			given = intstr.FromString(v)
		}
		scaled, err := intstr.GetScaledValueFromIntOrPercent(&given, int(max(pods, 1)), up)
		if err != nil {
			return 1
		}
		return int64(scaled)
	}
	switch o.GetKind() {
	case "DaemonSet":
		surge := number(intstr.FromInt32(0), true, "spec", "updateStrategy", "rollingUpdate", "maxSurge")
		if surge > 0 {
			return surge, false
		}
		return max(1, number(intstr.FromInt32(1), true, "spec", "updateStrategy", "rollingUpdate", "maxUnavailable")), true
	case "Deployment":
		if kind, _, _ := unstructured.NestedString(o.Object, "spec", "strategy", "type"); kind == "Recreate" {
			return 0, true
		}
		surge := number(intstr.FromString("25%"), true, "spec", "strategy", "rollingUpdate", "maxSurge")
		return max(1, surge+number(intstr.FromString("25%"), false, "spec", "strategy", "rollingUpdate", "maxUnavailable")), surge == 0
	}
	return 1, true // a StatefulSet
}

// roundOf returns how long a new pod takes at least until it counts as available, and how long an old one may take to end.
func roundOf(o *manifest.Object) (least, grace int64) {
	least, grace = 1, corev1.DefaultTerminationGracePeriodSeconds
	minReady, _, _ := unstructured.NestedInt64(o.Object, "spec", "minReadySeconds")
	fields, _, _ := unstructured.NestedMap(o.Object, manifest.PodSpecPath(o.GetKind())...)
	var spec corev1.PodSpec
	if manifest.Into(fields, &spec) != nil {
		return least + minReady, grace
	}
	if spec.TerminationGracePeriodSeconds != nil {
		grace = min(*spec.TerminationGracePeriodSeconds, math.MaxInt32)
	}
	delay := int32(0)
	for _, container := range spec.Containers {
		if container.ReadinessProbe != nil {
			delay = max(delay, container.ReadinessProbe.InitialDelaySeconds)
		}
	}
	return least + int64(delay) + minReady, grace
}
