// Package observed holds what was seen of a cluster at one moment, and answers questions about it: which nodes take a pod, which
// pods are behind a Service, why a pod is not ready. It neither asks a server nor gives a verdict.
package observed

import (
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
)

// A Snapshot is what was observed in a cluster at about one moment.
type Snapshot struct {
	Objects        map[manifest.ID]*manifest.Object // live, by ID: the wanted ones that exist
	Nodes          []corev1.Node
	Pods           []corev1.Pod             // in the namespaces of the wanted workloads
	StorageClasses []*manifest.Object       // all of the cluster
	Kept           map[manifest.ID][]string // fields that others have set and that are left to them, as paths of Differences
	Since          time.Time                // from when on restarts of containers count; none do where it is zero
	Evidence       Evidence                 // what Inquire asked; empty where nothing did

	index *index // of Nodes and Pods; see indexed
}

// Live returns the observed object of a rendered one, or nil.
func (s Snapshot) Live(o *manifest.Object) *manifest.Object { return s.Objects[manifest.IDOf(o)] }

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

// CountNodes returns how many nodes have a property.
func (s Snapshot) CountNodes(is func(*corev1.Node) bool) (n int) {
	for _, node := range s.SortedNodes() {
		if is(node) {
			n++
		}
	}
	return n
}

// PodsMatching returns the observed pods that a selector matches in a namespace.
func (s Snapshot) PodsMatching(namespace string, selector *metav1.LabelSelector) []*corev1.Pod {
	matches, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return nil
	}
	var pods []*corev1.Pod
	for _, p := range s.indexed().in[namespace] {
		if matches.Matches(labels.Set(p.Labels)) {
			pods = append(pods, p)
		}
	}
	return pods
}

// Pod returns a pod by its name, or nil.
func (s Snapshot) Pod(namespace, name string) *corev1.Pod {
	pods := s.indexed().in[namespace]
	if i := slices.IndexFunc(pods, func(p *corev1.Pod) bool { return p.Name == name }); i >= 0 {
		return pods[i]
	}
	return nil
}

// Node returns a node by its name, or nil.
func (s Snapshot) Node(name string) *corev1.Node { return s.indexed().byName[name] }

// AllPods returns the pods of the cluster, or those that were seen.
func (s Snapshot) AllPods() []*corev1.Pod {
	if len(s.Evidence.Pods) > 0 {
		return SortedPods(s.Evidence.Pods)
	}
	return s.indexed().pods
}
