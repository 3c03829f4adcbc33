package bigcluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// fields are an object as JSON has it.
type fields = map[string]any

// mark stands in a template for the number of the node, which is as long: 000042.
const mark = "@node@"

// A template is an object of which every node has one, as JSON or as protobuf, with marks where the number of the node stands.
type template struct {
	text  []byte
	marks []int
}

func newTemplate(text []byte) template {
	t := template{text: text}
	for at := 0; ; {
		next := bytes.Index(text[at:], []byte(mark))
		if next < 0 {
			return t
		}
		t.marks = append(t.marks, at+next)
		at += next + len(mark)
	}
}

// write writes the object of one node.
func (t template) write(w io.Writer, node int) error {
	number := fmt.Appendf(nil, "%06d", node)
	start := 0
	for _, at := range t.marks {
		w.Write(t.text[start:at]) //nolint:errcheck // a failure stays with the writer
		w.Write(number)           //nolint:errcheck
		start = at + len(mark)
	}
	_, err := w.Write(t.text[start:])
	return err
}

// asJSON is an object as JSON.
func asJSON(o *manifest.Object) []byte {
	text, err := json.Marshal(o.Object)
	if err != nil {
		panic(err) // it was made of JSON
	}
	return text
}

// asProtobuf is a Node or a Pod as protobuf; nil for other kinds.
func asProtobuf(o *manifest.Object) []byte {
	var typed interface{ Marshal() ([]byte, error) }
	switch o.GetKind() {
	case "Node":
		typed = &corev1.Node{}
	case "Pod":
		typed = &corev1.Pod{}
	default:
		return nil
	}
	err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, typed)
	if err != nil {
		panic(err) // it is as kubelets write it
	}
	text, err := typed.Marshal()
	if err != nil {
		panic(err)
	}
	return text
}

// numbered is the object of one node.
func numbered(o *manifest.Object, node int) *manifest.Object {
	var text bytes.Buffer
	one := &manifest.Object{}
	if newTemplate(asJSON(o)).write(&text, node) != nil || json.Unmarshal(text.Bytes(), &one.Object) != nil {
		panic("a template that is no JSON")
	}
	return one
}

// began is when everything started.
var began = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC).Format(time.RFC3339)

// hasPods reports whether pods are made for an object.
func hasPods(o *manifest.Object) bool {
	kind := o.GetKind()
	return kind == "DaemonSet" || kind == "Deployment" || kind == "StatefulSet"
}

// well is a rendered object as it is where all is well, written by Fitout and by its controller.
func well(rendered *manifest.Object, nodes int) *manifest.Object {
	live := rendered.DeepCopy()
	live.SetUID("5f4b3c2d-0000-4000-8000-" + "000000000001")
	live.SetResourceVersion("4711")
	live.SetGeneration(1)
	replicas, found, _ := unstructured.NestedInt64(live.Object, "spec", "replicas")
	if !found {
		replicas = 1
	}
	switch live.GetKind() {
	case "DaemonSet":
		n := int64(nodes)
		live.Object["status"] = fields{"observedGeneration": int64(1), "desiredNumberScheduled": n, "currentNumberScheduled": n,
			"updatedNumberScheduled": n, "numberAvailable": n, "numberReady": n, "numberMisscheduled": int64(0)}
	case "Deployment", "StatefulSet":
		live.Object["status"] = fields{"observedGeneration": int64(1), "replicas": replicas, "updatedReplicas": replicas,
			"readyReplicas": replicas, "availableReplicas": replicas, "conditions": []any{condition("Available"), condition("Progressing")}}
	case "APIService":
		live.Object["status"] = fields{"conditions": []any{condition("Available")}}
	case "CustomResourceDefinition":
		live.Object["status"] = fields{"conditions": []any{condition("NamesAccepted"), condition("Established")}}
	}
	return managed(live, "fitout", "kube-controller-manager")
}

func condition(kind string) fields {
	return fields{"type": kind, "status": "True", "reason": kind, "message": "", "lastTransitionTime": began, "lastProbeTime": nil}
}

// managed says of each manager that it set every field of an object: about what API servers since 1.18 keep.
func managed(o *manifest.Object, managers ...string) *manifest.Object {
	metadata := o.Object["metadata"].(fields)
	var entries []any
	for i, part := range []string{"spec", "status"} {
		if o.Object[part] == nil {
			continue
		}
		entries = append(entries, fields{"manager": managers[min(i, len(managers)-1)], "operation": "Update", "apiVersion": o.GetAPIVersion(),
			"time": began, "fieldsType": "FieldsV1", "fieldsV1": fields{"f:" + part: fieldSet(o.Object[part])}})
	}
	metadata["managedFields"] = entries
	return o
}

// fieldSet is a value as FieldsV1 has it.
func fieldSet(v any) any {
	set := fields{}
	switch v := v.(type) {
	case fields:
		for key, field := range v {
			set["f:"+key] = fieldSet(field)
		}
	case []any:
		for i, entry := range v {
			key := fmt.Sprintf("v:%d", i)
			if named, ok := entry.(fields); ok {
				key = fmt.Sprintf(`k:{"name":%q}`, fmt.Sprint(named["name"]))
			}
			set[key] = fieldSet(entry)
		}
	}
	return set
}

// object is a value as the unstructured content of an object.
func object(v fields) *manifest.Object { return &manifest.Object{Object: runtime.DeepCopyJSON(v)} }
