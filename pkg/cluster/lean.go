package cluster

import (
	"reflect"
	"slices"

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
	Status struct {
		corev1.PodStatus
		InitContainerStatuses []leanStatus `json:"initContainerStatuses"`
		ContainerStatuses     []leanStatus `json:"containerStatuses"`
		PodIPs                ignored      `json:"podIPs"`
		HostIPs               ignored      `json:"hostIPs"`
	} `json:"status"`
}

// leanStatus is the status of a container without what identifies it to its runtime.
type leanStatus struct {
	corev1.ContainerStatus
	ContainerID  ignored `json:"containerID"`
	ImageID      ignored `json:"imageID"`
	VolumeMounts ignored `json:"volumeMounts"`
}

func (l *leanPod) pod() corev1.Pod {
	p := corev1.Pod{ObjectMeta: l.Metadata.ObjectMeta, Spec: l.Spec.PodSpec, Status: l.Status.PodStatus}
	container := func(c leanContainer) corev1.Container { return c.Container }
	p.Spec.InitContainers, p.Spec.Containers = converted(l.Spec.InitContainers, container), converted(l.Spec.Containers, container)
	status := func(s leanStatus) corev1.ContainerStatus { return s.ContainerStatus }
	p.Status.InitContainerStatuses, p.Status.ContainerStatuses = converted(l.Status.InitContainerStatuses, status), converted(l.Status.ContainerStatuses, status)
	p.Status.Conditions = converted(slices.DeleteFunc(l.Status.Conditions, unread), func(c corev1.PodCondition) corev1.PodCondition { return c })
	return p
}

// unread reports whether nobody here reads a condition of a pod.
func unread(c corev1.PodCondition) bool {
	return c.Type != corev1.PodReady && c.Type != corev1.PodScheduled
}

// converted returns a list of exactly its length: a decoder makes room for four entries at least.
func converted[A, B any](list []A, convert func(A) B) []B {
	if len(list) == 0 {
		return nil
	}
	all := make([]B, len(list))
	for i, one := range list {
		all[i] = convert(one)
	}
	return all
}

// factNode is a Node as far as facts are read from it.
type factNode struct {
	Metadata leanMeta        `json:"metadata"`
	Spec     corev1.NodeSpec `json:"spec"`
	Status   struct {
		Addresses []corev1.NodeAddress `json:"addresses"`
	} `json:"status"`
}

func (l *factNode) node() corev1.Node {
	return corev1.Node{ObjectMeta: l.Metadata.ObjectMeta, Spec: l.Spec, Status: corev1.NodeStatus{Addresses: l.Status.Addresses}}
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
