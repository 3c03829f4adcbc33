package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// inUse says what of others would go with a namespace or a definition; it is empty if nothing would. It is asked once
// everything else that was recorded is gone.
func (c *Client) inUse(ctx context.Context, live *manifest.Object) (string, error) {
	var from []collection
	switch live.GetKind() {
	case "Namespace":
		resources, err := c.namespaced(ctx)
		if err != nil {
			return "", fmt.Errorf("find out what is in %s: %w", manifest.IDOf(live), err)
		}
		for _, gvr := range resources {
			from = append(from, collection{gvr: gvr, namespaced: true, namespace: live.GetName()})
		}
	case "CustomResourceDefinition":
		from = []collection{{gvr: servedBy(live)}}
	}
	for i, found := range c.listEach(ctx, from) {
		if apierrors.IsMethodNotSupported(found.err) {
			continue // only created: a review, an eviction
		}
		if found.err != nil {
			return fmt.Sprintf("it cannot be seen whether %s are in it (%v); %s", from[i].gvr.GroupResource(), reason(found.err), naming(live)), nil
		}
		if n := slices.IndexFunc(found.objects, ofOthers); n >= 0 {
			return fmt.Sprintf("there is still %s; remove it, or %s", manifest.IDOf(&found.objects[n]), naming(live)), nil
		}
	}
	return "", nil
}

// naming is the remedy by which an object is removed with all that is in it.
func naming(live *manifest.Object) string {
	return fmt.Sprintf("name this object with --prune %s/%s", live.GetKind(), live.GetName())
}

// namespaced returns all resources of the API that are in namespaces and can be listed, one version of each. Of metrics,
// which say of pods and keep nothing, there are none.
func (c *Client) namespaced(ctx context.Context) ([]schema.GroupVersionResource, error) {
	var groups metav1.APIGroupList
	if err := c.discover(ctx, &groups, "/apis"); err != nil {
		return nil, err
	}
	versions := []string{"v1"}
	for _, g := range groups.Groups {
		if g.Name != "metrics.k8s.io" && g.Name != "events.k8s.io" {
			versions = append(versions, g.PreferredVersion.GroupVersion)
		}
	}
	var all []schema.GroupVersionResource
	for _, version := range versions {
		gv, err := schema.ParseGroupVersion(version)
		if err != nil {
			return nil, err
		}
		path := []string{"/apis", gv.Group, gv.Version}
		if gv.Group == "" {
			path = []string{"/api", gv.Version}
		}
		var list metav1.APIResourceList
		if err := c.discover(ctx, &list, path...); err != nil {
			return nil, fmt.Errorf("%s: %w", version, err)
		}
		for _, r := range list.APIResources {
			if r.Namespaced && slices.Contains(r.Verbs, "list") && r.Name != "events" {
				all = append(all, gv.WithResource(r.Name))
			}
		}
	}
	return all, nil
}

func (c *Client) discover(ctx context.Context, into any, path ...string) error {
	return c.retry(ctx, func() error {
		body, err := c.raw.Get().AbsPath(path...).DoRaw(ctx)
		if err != nil {
			return err
		}
		return json.Unmarshal(body, into)
	})
}

// ofOthers reports whether an object in a namespace keeps the namespace in use. What Kubernetes makes in every namespace does
// not, nor what goes with its owner, or is going already.
func ofOthers(o manifest.Object) bool {
	switch {
	case len(o.GetOwnerReferences()) > 0 || o.GetDeletionTimestamp() != nil:
		return false
	case o.GetKind() == "ServiceAccount" && o.GetName() == "default", o.GetKind() == "ConfigMap" && o.GetName() == "kube-root-ca.crt":
		return false
	case o.GetKind() == "Secret":
		kind, _, _ := unstructured.NestedString(o.Object, "type")
		return kind != string(corev1.SecretTypeServiceAccountToken)
	case o.GetKind() == "Endpoints": // those of a Service that is gone go a moment later
		return false
	}
	return true
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
