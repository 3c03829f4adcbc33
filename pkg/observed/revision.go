package observed

import (
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
)

// templateGeneration is the label of pods with the generation of the template that they were made from.
const templateGeneration = "pod-template-generation"

// NewestRevision returns what tells pods of a DaemonSet's newest revision from older ones, if that can be told: a pod was made
// from the present generation of its template. Pods of the same revision that were made before it was left and returned to
// are of the newest, too.
func NewestRevision(live *manifest.Object, pods []*corev1.Pod) (newest func(*corev1.Pod) bool, known bool) {
	generation := live.GetAnnotations()[appsv1.DeprecatedTemplateGeneration]
	at := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return generation != "" && p.Labels[templateGeneration] == generation })
	if at < 0 {
		return nil, false
	}
	hash := pods[at].Labels[appsv1.ControllerRevisionHashLabelKey]
	return func(p *corev1.Pod) bool { return p.Labels[appsv1.ControllerRevisionHashLabelKey] == hash }, true
}
