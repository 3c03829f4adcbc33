package cluster

import (
	"reflect"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// ignored is a field that is not decoded.
type ignored struct{}

// UnmarshalJSON takes whatever is there.
func (*ignored) UnmarshalJSON([]byte) error { return nil }

type leanMeta struct {
	metav1.ObjectMeta
	ManagedFields ignored `json:"managedFields"`
}

// leanNode is a Node without its images and managed fields.
type leanNode struct {
	Metadata leanMeta        `json:"metadata"`
	Spec     corev1.NodeSpec `json:"spec"`
	Status   struct {
		corev1.NodeStatus
		Images ignored `json:"images"`
	} `json:"status"`
}

func (l *leanNode) node() corev1.Node {
	return corev1.Node{ObjectMeta: l.Metadata.ObjectMeta, Spec: l.Spec, Status: l.Status.NodeStatus}
}

type leanContainer struct {
	corev1.Container
	VolumeMounts ignored `json:"volumeMounts"`
}

// leanPod is a Pod without its volumes, where they are mounted, and managed fields.
type leanPod struct {
	Metadata leanMeta `json:"metadata"`
	Spec     struct {
		corev1.PodSpec
		Volumes        ignored         `json:"volumes"`
		InitContainers []leanContainer `json:"initContainers"`
		Containers     []leanContainer `json:"containers"`
	} `json:"spec"`
	Status corev1.PodStatus `json:"status"`
}

func (l *leanPod) pod() corev1.Pod {
	p := corev1.Pod{ObjectMeta: l.Metadata.ObjectMeta, Spec: l.Spec.PodSpec, Status: l.Status}
	p.Spec.InitContainers, p.Spec.Containers = bare(l.Spec.InitContainers), bare(l.Spec.Containers)
	return p
}

func bare(list []leanContainer) []corev1.Container {
	var all []corev1.Container
	for _, c := range list {
		all = append(all, c.Container)
	}
	return all
}

// factNode is a Node as far as facts are read from it.
type factNode struct {
	Metadata leanMeta        `json:"metadata"`
	Spec     corev1.NodeSpec `json:"spec"`
}

// podParts are parts that pods of one workload have alike. Pods that have the same share them, which is half of their memory.
type podParts struct {
	last map[string]*corev1.Pod // by the UID of the owner
}

// mostOwners bounds whose pods share something.
const mostOwners = 1000

// share returns a pod that shares with the one before of the same owner what is equal in both.
func (k *podParts) share(p corev1.Pod) corev1.Pod {
	owner := ""
	if len(p.OwnerReferences) > 0 {
		owner = string(p.OwnerReferences[0].UID)
	}
	p.OwnerReferences = nil // nobody reads them
	last := k.last[owner]
	if last == nil {
		if k.last == nil {
			k.last = map[string]*corev1.Pod{}
		}
		if len(k.last) < mostOwners {
			k.last[owner] = &p
		}
		return p
	}
	same(&p.Labels, last.Labels)
	same(&p.Annotations, last.Annotations)
	same(&p.Spec.InitContainers, last.Spec.InitContainers)
	same(&p.Spec.Containers, last.Spec.Containers)
	same(&p.Spec.Tolerations, last.Spec.Tolerations)
	return p
}

// same makes a value the other one where both are equal.
func same[T any](value *T, other T) {
	if reflect.DeepEqual(*value, other) {
		*value = other
	}
}
