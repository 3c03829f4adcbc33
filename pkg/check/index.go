package check

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// An index finds nodes and pods of a snapshot without a look at all of them. They are in the order of their names, in whichever
// order they were observed. What has no name is left out: no API server
// has such objects, and nothing could be said of them.
type index struct {
	nodes  []*corev1.Node
	pods   []*corev1.Pod
	byName map[string]*corev1.Node
	in     map[string][]*corev1.Pod // by namespace
}

// Indexed returns a snapshot that finds its nodes and pods without a look at all of them. It must not change any more.
func (s Snapshot) Indexed() Snapshot {
	s.index = s.indexed()
	return s
}

// SortedNodes returns the nodes in the order of their names.
func (s Snapshot) SortedNodes() []*corev1.Node { return s.indexed().nodes }

// WithPods returns a snapshot in which there are more pods.
func (s Snapshot) WithPods(more []corev1.Pod) Snapshot {
	s.index = nil
	s.Pods = append(slices.Clone(s.Pods), more...)
	return s
}

// indexed returns the index of a snapshot, made now if the snapshot has none.
func (s Snapshot) indexed() *index {
	if s.index != nil {
		return s.index
	}
	x := &index{byName: make(map[string]*corev1.Node, len(s.Nodes)), in: map[string][]*corev1.Pod{}}
	for i := range s.Nodes {
		if n := &s.Nodes[i]; n.Name != "" && x.byName[n.Name] == nil {
			x.nodes, x.byName[n.Name] = append(x.nodes, n), n
		}
	}
	slices.SortStableFunc(x.nodes, func(a, b *corev1.Node) int { return strings.Compare(a.Name, b.Name) })
	x.pods = SortedPods(s.Pods)
	for _, p := range x.pods {
		x.in[p.Namespace] = append(x.in[p.Namespace], p)
	}
	return x
}

// SortedPods returns the pods that have a name, in the order of their names.
func SortedPods(list []corev1.Pod) []*corev1.Pod {
	pods := make([]*corev1.Pod, 0, len(list))
	for i := range list {
		if list[i].Name != "" {
			pods = append(pods, &list[i])
		}
	}
	slices.SortStableFunc(pods, func(a, b *corev1.Pod) int {
		return cmp.Or(strings.Compare(a.Namespace, b.Namespace), strings.Compare(a.Name, b.Name))
	})
	return pods
}

// PodsByNode groups pods by the node that they are on; those on none come under "".
func PodsByNode(pods []*corev1.Pod) map[string][]*corev1.Pod {
	on := map[string][]*corev1.Pod{}
	for _, p := range pods {
		on[p.Spec.NodeName] = append(on[p.Spec.NodeName], p)
	}
	return on
}

// NodeNames is the set of the names of nodes.
func NodeNames(nodes []*corev1.Node) map[string]bool {
	set := make(map[string]bool, len(nodes))
	for _, n := range nodes {
		set[n.Name] = true
	}
	return set
}
