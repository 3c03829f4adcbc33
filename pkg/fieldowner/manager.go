package fieldowner

import (
	"encoding/json"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// unknownManager is who set a field where the server kept no account of it (before 1.18).
const unknownManager = "somebody else"

// lastManager returns the manager other than Fitout who owns a field and wrote last.
func lastManager(live *manifest.Object, at []step) string {
	manager, latest := unknownManager, ""
	entries, _, _ := unstructured.NestedFieldNoCopy(live.Object, "metadata", "managedFields")
	list, _ := entries.([]any)
	for _, entry := range list {
		e, _ := entry.(map[string]any)
		name, _ := e["manager"].(string)
		time, _ := e["time"].(string) // RFC 3339 in UTC, so that texts compare as times do
		fields, _ := e["fieldsV1"].(map[string]any)
		if _, owned := owns(fields, live.Object, at); owned && name != "" && name != FieldManager && time >= latest {
			manager, latest = name, time
		}
	}
	return manager
}

// owns reports whether a set of fields (metav1.FieldsV1) holds the field that steps lead to in a node, or all of what it is
// part of, and after how many of the steps.
func owns(fields map[string]any, node any, at []step) (steps int, owned bool) {
	if len(at) == 0 {
		return 0, true
	}
	var sub any
	switch n := node.(type) {
	case map[string]any:
		sub, node = fields["f:"+at[0].key], n[at[0].key]
	case []any:
		node = n[at[0].index]
		sub = ofElement(fields, node)
	}
	next, ok := sub.(map[string]any)
	switch {
	case !ok:
		return 0, false
	case len(next) == 0:
		return 1, true
	}
	steps, owned = owns(next, node, at[1:])
	return steps + 1, owned
}

// ofElement returns the part of a set of fields that is about one element of a list, which it names by its keys:
// k:{"name":"a"}.
func ofElement(fields map[string]any, element any) any {
	e, _ := element.(map[string]any)
	for name, sub := range fields {
		text, ok := strings.CutPrefix(name, "k:")
		var keys map[string]any
		if !ok || json.Unmarshal([]byte(text), &keys) != nil || len(keys) == 0 {
			continue
		}
		same := true
		for key, want := range keys {
			same = same && keyText(e[key]) == keyText(want)
		}
		if same {
			return sub
		}
	}
	return nil
}
