package observed

import (
	"strings"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// NameOf returns the name of an entry of a list.
func NameOf(entry any) string {
	fields, _ := entry.(map[string]any)
	return String(fields["name"])
}

// DescribeCommand is the command that shows an object with its conditions and events.
func DescribeCommand(o *manifest.Object) string {
	command := "kubectl describe "
	if o.GetNamespace() != "" {
		command += "-n " + o.GetNamespace() + " "
	}
	return command + strings.ToLower(o.GetKind()) + " " + o.GetName()
}

// Condition returns a condition of an object, or nil.
func Condition(o *manifest.Object, kind string) map[string]any {
	conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, _ := c.(map[string]any); condition["type"] == kind {
			return condition
		}
	}
	return nil
}

// String returns a value of an unstructured object that is a string; otherwise an empty one.
func String(v any) string {
	s, _ := v.(string)
	return s
}
