package cluster

import (
	"context"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// dwellers are what somebody has in a namespace who uses it. Pods are not among them: those of removed workloads take a
// while to go.
var dwellers = []schema.GroupVersionResource{
	{Group: "apps", Version: "v1", Resource: "deployments"}, {Group: "apps", Version: "v1", Resource: "daemonsets"},
	{Group: "apps", Version: "v1", Resource: "statefulsets"}, {Version: "v1", Resource: "services"}, {Version: "v1", Resource: "persistentvolumeclaims"},
}

// inUse tells what would go with a namespace or a definition; it is empty where nothing would. It is asked once all else
// that was recorded is removed.
func (c *Client) inUse(ctx context.Context, live *manifest.Object) (string, error) {
	var in []schema.GroupVersionResource
	namespace := ""
	switch live.GetKind() {
	case "Namespace":
		in, namespace = dwellers, live.GetName()
	case "CustomResourceDefinition":
		in = []schema.GroupVersionResource{servedBy(live)}
	}
	for _, gvr := range in {
		found, err := c.listOne(ctx, collection{gvr: gvr, namespaced: namespace != "", namespace: namespace})
		if err != nil {
			return "", err
		}
		if len(found) > 0 {
			return fmt.Sprintf("there is still %s; remove it, or name this object with --prune %s/%s", manifest.IDOf(&found[0]), live.GetKind(), live.GetName()), nil
		}
	}
	return "", nil
}

// servedBy returns a resource under which the custom resources of a definition are served.
func servedBy(definition *manifest.Object) schema.GroupVersionResource {
	group, _, _ := unstructured.NestedString(definition.Object, "spec", "group")
	plural, _, _ := unstructured.NestedString(definition.Object, "spec", "names", "plural")
	version, _, _ := unstructured.NestedString(definition.Object, "spec", "version") // v1beta1, below 1.16
	versions, _, _ := unstructured.NestedSlice(definition.Object, "spec", "versions")
	for _, v := range versions {
		if entry, ok := v.(map[string]any); ok && entry["served"] == true {
			version, _ = entry["name"].(string)
		}
	}
	return schema.GroupVersionResource{Group: group, Version: version, Resource: plural}
}
