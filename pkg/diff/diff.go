// Package diff shows what changes in an object, as a unified diff of its YAML, without what no one changes and without a
// Secret's values.
package diff

import (
	"bytes"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/rogpeppe/go-internal/diff"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

// Object returns the difference between an object before and after a change, or nothing. Before is nil of an object that is
// created, after of one that is deleted. Values of environment variables, and what looks like a credential in commands and arguments, are shown only as
// bundled has them, which is the object without anybody's changes, or nil. None of them is changed.
func Object(after, before, bundled *manifest.Object) string {
	after, before = quiet(after), quiet(before)
	hide(after, before)
	hideEnvironment(after, before, bundled)
	hideArguments(after, before, bundled)
	hideHeaders(after, before)
	var id manifest.ID
	switch {
	case after != nil:
		id = manifest.IDOf(after)
	case before != nil:
		id = manifest.IDOf(before)
	}
	name := printable.Line(id.String())
	text := diff.Diff("live/"+name, write(before), "bundle/"+name, write(after))
	_, text, _ = bytes.Cut(text, []byte("\n")) // the line that names the command
	return printable.Text(string(text))
}

// records are the annotations with what was applied last; they hold the whole object once more.
var records = []string{fieldowner.LastApplied, corev1.LastAppliedConfigAnnotation}

// quiet returns a copy without what no one changes, nil of nil.
func quiet(o *manifest.Object) *manifest.Object {
	if o == nil {
		return nil
	}
	o = manifest.Contents(o)
	withoutRecords(o.Object)
	if annotations, found, _ := unstructured.NestedFieldNoCopy(o.Object, "metadata", "annotations"); found && isEmpty(annotations) {
		unstructured.RemoveNestedField(o.Object, "metadata", "annotations")
	}
	return o
}

// withoutRecords removes records from all annotations: those of pod templates too.
func withoutRecords(v any) {
	switch v := v.(type) {
	case map[string]any:
		if annotations, ok := v["annotations"].(map[string]any); ok {
			for _, record := range records {
				delete(annotations, record)
			}
		}
		for _, value := range v {
			withoutRecords(value)
		}
	case []any:
		for _, value := range v {
			withoutRecords(value)
		}
	}
}

func isEmpty(v any) bool {
	m, isMap := v.(map[string]any)
	return v == nil || isMap && len(m) == 0
}

func write(o *manifest.Object) []byte {
	if o == nil {
		return nil
	}
	text, err := yaml.Marshal(o.Object)
	if err != nil { // for a control character
		text, err = manifest.Escaped(o)
	}
	if err != nil { // what was parsed can be written
		return fmt.Appendf(nil, "%s cannot be written: %v\n", manifest.IDOf(o), err)
	}
	return text
}
