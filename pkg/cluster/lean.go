package cluster

import (
	"reflect"
	"slices"
	"sync"

	"github.com/fitout-dev/fitout/pkg/clusterfile"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Most of what is read of a large cluster is nodes and pods, and most of that is read by nobody. What is dropped here never
// comes to a check: whoever wants to read such a field takes it out of these tables.

// nodeParts are the fields of a Node that are not read.
var nodeParts = map[string]part{
	"metadata.managedFields": dropped, "status.images": dropped, "status.volumesInUse": dropped, "status.volumesAttached": dropped,
}

// factParts leave of a Node what facts are read from.
var factParts = map[string]part{"metadata.managedFields": dropped, "status": dropped, "status.addresses": single}

// podParts are the fields of a Pod that are not read, and those that pods of one workload have alike. The token of a
// ServiceAccount is mounted under another name in each pod, and the affinity of a pod of a DaemonSet names the node that the pod is for.
var podParts = map[string]part{
	"metadata.managedFields": dropped, "metadata.labels": shared, "metadata.ownerReferences": shared,
	"spec": shared, "spec.nodeName": single, "spec.affinity": single, "spec.volumes": dropped,
	"spec.initContainers.volumeMounts": dropped, "spec.containers.volumeMounts": dropped,
	"status.podIPs": dropped, "status.hostIPs": dropped,
	"status.initContainerStatuses.containerID": dropped, "status.initContainerStatuses.imageID": dropped, "status.initContainerStatuses.volumeMounts": dropped,
	"status.containerStatuses.containerID": dropped, "status.containerStatuses.imageID": dropped, "status.containerStatuses.volumeMounts": dropped,
}

var (
	nodeShape = sync.OnceValue(func() shape { return shapeOf(reflect.TypeFor[corev1.Node](), nodeParts) })
	factShape = sync.OnceValue(func() shape { return shapeOf(reflect.TypeFor[corev1.Node](), factParts) })
	podShape  = sync.OnceValue(func() shape { return shapeOf(reflect.TypeFor[corev1.Pod](), podParts) })
)

// A reader reads an object from protobuf, and subtracts from left what it takes in memory. It keeps nothing of the bytes.
type reader[T any] func(encoded []byte, left *int64) (T, metav1.ObjectMeta, error)

// nodeReader reads Nodes of a shape.
func nodeReader[T any](s shape, convert func(corev1.Node) T) reader[T] {
	var kept []byte // is used again
	return func(encoded []byte, left *int64) (one T, meta metav1.ObjectMeta, err error) {
		var node corev1.Node
		if kept, err = s.take(kept[:0], encoded, single, left); err != nil {
			return one, meta, err
		}
		err = node.Unmarshal(kept)
		return convert(node), node.ObjectMeta, err
	}
}

func readNodes() reader[corev1.Node] {
	return nodeReader(nodeShape(), func(n corev1.Node) corev1.Node { return n })
}

func readFacts() reader[clusterfile.NodeFact] { return nodeReader(factShape(), nodeFact) }

// mostShared bounds how many shared parts are kept.
const mostShared = 1000

// readPods reads Pods. Those whose shared parts are the same share them, which is most of their memory and of the time.
func readPods() reader[corev1.Pod] {
	var kept []byte // is used again
	known := map[string]*corev1.Pod{}
	return func(encoded []byte, left *int64) (pod corev1.Pod, meta metav1.ObjectMeta, err error) {
		afterwards := *left
		if kept, err = podShape().take(kept[:0], encoded, shared, &afterwards); err != nil {
			return pod, meta, err
		}
		common := known[string(kept)]
		if common == nil {
			*left = afterwards
			common = &corev1.Pod{}
			if err := common.Unmarshal(kept); err != nil {
				return pod, meta, err
			}
			if len(known) < mostShared {
				known[string(kept)] = common
			}
		}
		if kept, err = podShape().take(kept[:0], encoded, single, left); err != nil {
			return pod, meta, err
		}
		pod = *common
		err = pod.Unmarshal(kept) // adds its fields to those that are there
		pod.Status.Conditions = slices.Clip(slices.DeleteFunc(pod.Status.Conditions, unread))
		return pod, pod.ObjectMeta, err
	}
}

// unread reports whether nobody here reads a condition of a pod.
func unread(c corev1.PodCondition) bool {
	return c.Type != corev1.PodReady && c.Type != corev1.PodScheduled
}
