package changeset

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// effectOf returns how much a change of a live object disturbs, and the pods that it replaces.
func effectOf(c Change) (Effect, string) {
	switch {
	case c.Action == Unchanged || c.Action != Recreate && len(c.Fields) == 0:
		return NoEffect, ""
	case c.Action == Recreate:
		return Absence, podsOf(c.Live)
	case all(c.Fields, func(f objectdiff.Difference) bool {
		return strings.HasPrefix(f.Path, "metadata.labels") || strings.HasPrefix(f.Path, "metadata.annotations")
	}):
		return Metadata, ""
	case podsOf(c.Live) != "" && !all(c.Fields, func(f objectdiff.Difference) bool { return !strings.HasPrefix(f.Path, "spec.template.") }) && !onDelete(c.Live):
		return Restart, podsOf(c.Live)
	}
	return Configuration, ""
}

func all(fields []objectdiff.Difference, is func(objectdiff.Difference) bool) bool {
	for _, f := range fields {
		if !is(f) {
			return false
		}
	}
	return true
}

// onDelete reports whether a workload replaces its pods only when somebody deletes them.
func onDelete(live *manifest.Object) bool {
	strategy, _, _ := unstructured.NestedString(live.Object, "spec", "updateStrategy", "type")
	return strategy == "OnDelete"
}

// podsOf names the pods of a workload whose change replaces them; it is empty for all other objects.
func podsOf(live *manifest.Object) string {
	path := []string{"spec", "replicas"}
	switch live.GetKind() {
	case "DaemonSet":
		path = []string{"status", "desiredNumberScheduled"}
	case "Deployment", "StatefulSet":
	default:
		return ""
	}
	n, found, _ := unstructured.NestedInt64(live.Object, path...)
	if !found && live.GetKind() != "DaemonSet" {
		n = 1 // the API server's default
	}
	return fmt.Sprintf("%d pods of %s", n, manifest.IDOf(live))
}
