package cluster

import (
	"errors"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/observed"
	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"
)

// fill sets every field of a value to something, and each list and map to two entries.
func fill(v reflect.Value, n *int) {
	*n++
	switch target := v.Addr().Interface().(type) {
	case *metav1.Time:
		*target = metav1.Unix(int64(*n), 0)
		return
	case *metav1.MicroTime:
		*target = metav1.NewMicroTime(metav1.Unix(int64(*n), 0).Time)
		return
	case *resource.Quantity:
		*target = *resource.NewQuantity(int64(*n), resource.DecimalSI)
		_ = target.String() // which it keeps
		return
	case *intstr.IntOrString:
		*target = intstr.FromInt32(int32(*n))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && v.Type().Field(i).Name != "TypeMeta" {
				fill(v.Field(i), n)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, n)
		fill(value, n)
		v.SetMapIndex(key, value)
	case reflect.String:
		v.SetString(strings.Repeat("a", *n%300)) // lengths of one byte and of two
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	case reflect.Uint8:
		v.SetUint(uint64(*n % 256))
	}
}

func full[T any]() (o T) {
	n := 0
	fill(reflect.ValueOf(&o).Elem(), &n)
	return o
}

// cleared is an object without the fields that are dropped.
func cleared(v reflect.Value, path string, parts map[string]part, found map[string]bool) {
	for v.Kind() == reflect.Pointer {
		v = v.Elem()
	}
	switch v.Kind() {
	case reflect.Slice:
		for i := range v.Len() {
			cleared(v.Index(i), path, parts, found)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			_, name, ok := protobufTag(v.Type().Field(i))
			if !ok {
				continue
			}
			name = strings.TrimPrefix(path+"."+name, ".")
			if p, ok := parts[name]; ok {
				found[name] = true
				if p == dropped {
					v.Field(i).SetZero()
				}
			}
			cleared(v.Field(i), name, parts, found)
		}
	}
}

// What is not dropped is read as it was written, and every rule names a field that there is.
func TestLean(t *testing.T) {
	left := int64(1 << 30)
	node := full[corev1.Node]()
	text, _ := node.Marshal()
	got, meta, err := readNodes()(text, &left)
	found := map[string]bool{}
	cleared(reflect.ValueOf(&node), "", nodeParts, found)
	if err != nil || meta.Name != node.Name || !reflect.DeepEqual(got, node) || len(found) != len(nodeParts) {
		t.Errorf("%v %v: %+v", err, found, got)
	}
	pod := full[corev1.Pod]()
	pod.Status.Conditions[0].Type, pod.Status.Conditions[1].Type = corev1.PodReady, corev1.PodScheduled
	text, _ = pod.Marshal()
	read := readPods()
	first, _, err := read(text, &left)
	found = map[string]bool{}
	cleared(reflect.ValueOf(&pod), "", podParts, found)
	if err != nil || !reflect.DeepEqual(first, pod) || len(found) != len(podParts) {
		t.Errorf("%v %v: %+v\n%+v", err, found, first, pod)
	}
	pod.Name, pod.Spec.NodeName = "other", "elsewhere"
	text, _ = pod.Marshal()
	second, _, err := read(text, &left)
	if err != nil || !reflect.DeepEqual(second, pod) || first.Name == "other" || &first.Spec.Containers[0] != &second.Spec.Containers[0] {
		t.Errorf("%v: %+v", err, second)
	}
}

// Facts are read from nodes without their status.
func TestLeanFacts(t *testing.T) {
	node := corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "a", Labels: map[string]string{"node-role.kubernetes.io/control-plane": ""}},
		Spec: corev1.NodeSpec{PodCIDR: "10.0.0.0/24", ProviderID: "x://y"}}
	node.Status.Addresses = []corev1.NodeAddress{{Type: corev1.NodeInternalIP, Address: "10.1.1.1"}}
	node.Status.Images = []corev1.ContainerImage{{Names: []string{"a"}}}
	text, _ := node.Marshal()
	left := int64(1 << 20)
	got, _, err := readFacts()(text, &left)
	if err != nil || !reflect.DeepEqual(got, nodeFact(node)) || len(got.Addresses) != 1 || !got.ControlPlane {
		t.Errorf("%v: %+v", err, got)
	}
}

// The estimate is not below what decoding takes.
func TestMemoryOfProtobufIsEstimated(t *testing.T) {
	pods := map[string]corev1.Pod{"full": full[corev1.Pod](), "containers": {}, "statuses": {}, "labels": {}, "environment": {}, "owners": {}}
	for range 2000 {
		p := pods["containers"]
		p.Spec.Containers = append(p.Spec.Containers, corev1.Container{})
		p.Spec.Tolerations = append(p.Spec.Tolerations, corev1.Toleration{TolerationSeconds: ptr.To[int64](1)})
		pods["containers"] = p
		p = pods["statuses"]
		p.Status.ContainerStatuses = append(p.Status.ContainerStatuses, corev1.ContainerStatus{State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}})
		p.Status.Conditions = append(p.Status.Conditions, corev1.PodCondition{Type: corev1.PodReady})
		pods["statuses"] = p
		p = pods["owners"]
		p.OwnerReferences = append(p.OwnerReferences, metav1.OwnerReference{UID: types.UID("a")})
		pods["owners"] = p
	}
	labels := map[string]string{}
	for i := range 2000 {
		labels[string(rune(i+0x4e00))] = ""
	}
	labelled := pods["labels"]
	labelled.Labels, labelled.Annotations = labels, labels
	pods["labels"] = labelled
	environment := pods["environment"]
	environment.Spec.Containers = []corev1.Container{{Env: make([]corev1.EnvVar, 5000), Ports: make([]corev1.ContainerPort, 5000)}}
	pods["environment"] = environment
	for name, pod := range pods {
		text, err := pod.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		read := readPods()
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		left := int64(1 << 30)
		got, _, err := read(text, &left)
		runtime.GC()
		runtime.ReadMemStats(&after)
		const slack = 64 << 10 // the buffers, and the pod itself
		if took, estimated := int64(after.HeapAlloc)-int64(before.HeapAlloc), 1<<30-left; err != nil || took > estimated+slack+2*int64(len(text)) {
			t.Errorf("%s: %v, takes %d bytes, estimated %d", name, err, took, estimated)
		}
		runtime.KeepAlive(got)
		runtime.KeepAlive(read)
	}
}

// Messages without content take 2 bytes each, and a hundred times that in memory.
func TestProtobufBomb(t *testing.T) {
	node := func(conditions int) []byte {
		status := strings.Repeat("\x22\x00", conditions)
		return protowire.AppendBytes(protowire.AppendTag([]byte("\x0a\x03\x0a\x01a"), 3, protowire.BytesType), []byte(status))
	}
	left := onePage.memory
	if got, _, err := readNodes()(node(1000), &left); err != nil || len(got.Status.Conditions) != 1000 {
		t.Error(err)
	}
	if _, _, err := readNodes()(node(2<<20), &left); !errors.Is(err, errMemory) {
		t.Error(err)
	}
}

// A pod that the scheduler has no place for is judged with the node that its DaemonSet has made it for.
func TestReadPodsKeepsTheNode(t *testing.T) {
	read := readPods()
	for _, node := range []string{"dead", "node-1"} {
		pod := corev1.Pod{Spec: corev1.PodSpec{Affinity: &corev1.Affinity{NodeAffinity: &corev1.NodeAffinity{
			RequiredDuringSchedulingIgnoredDuringExecution: &corev1.NodeSelector{NodeSelectorTerms: []corev1.NodeSelectorTerm{
				{MatchFields: []corev1.NodeSelectorRequirement{{Key: metav1.ObjectNameField, Operator: corev1.NodeSelectorOpIn, Values: []string{node}}}},
			}},
		}}}}
		encoded, err := pod.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		left := int64(1 << 20)
		got, _, err := read(encoded, &left)
		if err != nil || observed.NodeFor(&got) != node {
			t.Errorf("the pod for node %s is for node %q, error %v", node, observed.NodeFor(&got), err)
		}
	}
}
