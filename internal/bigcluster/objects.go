package bigcluster

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
)

// fields are an object as JSON has it.
type fields = map[string]any

// mark stands in a template for the number of the node: 00042.
const mark = "@node@"

// A template is the JSON of an object of which every node has one, cut where the number of the node stands.
type template [][]byte

func newTemplate(o *manifest.Object) template {
	text, err := json.Marshal(o.Object)
	if err != nil {
		panic(err) // it was made of JSON
	}
	return bytes.Split(text, []byte(mark))
}

func (t template) write(w io.Writer, node int) error {
	for i, part := range t {
		if i > 0 {
			if _, err := fmt.Fprintf(w, "%05d", node); err != nil {
				return err
			}
		}
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return nil
}

// numbered is the object of one node.
func numbered(o *manifest.Object, node int) *manifest.Object {
	var text bytes.Buffer
	one := &manifest.Object{}
	if newTemplate(o).write(&text, node) != nil || json.Unmarshal(text.Bytes(), &one.Object) != nil {
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
