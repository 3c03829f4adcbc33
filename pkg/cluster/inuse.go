package cluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Contents reads what is in a namespace, or the custom resources of a definition.
func (c *Client) Contents(ctx context.Context, holder *manifest.Object) (contents changeset.Contents, err error) {
	var from []collection
	switch holder.GetKind() {
	case "Namespace":
		resources, err := c.namespaced(ctx)
		if err != nil {
			return contents, err
		}
		for _, gvr := range resources {
			from = append(from, collection{gvr: gvr, namespaced: true, namespace: holder.GetName()})
		}
	case "CustomResourceDefinition":
		from = []collection{{gvr: servedBy(holder)}}
	}
	for i, found := range c.listEach(ctx, from) {
		switch {
		case apierrors.IsMethodNotSupported(found.err): // only created: a review, an eviction
		case found.err != nil && contents.Unseen == "":
			contents.Unseen = fmt.Sprintf("%s are in it (%v)", from[i].gvr.GroupResource(), reason(found.err))
		}
		for n := range found.objects {
			contents.Objects = append(contents.Objects, &found.objects[n])
		}
		for _, pod := range found.pods {
			o := &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "Pod"}}
			o.SetNamespace(pod.Namespace)
			o.SetName(pod.Name)
			o.SetOwnerReferences(pod.OwnerReferences)
			o.SetDeletionTimestamp(pod.DeletionTimestamp)
			contents.Objects = append(contents.Objects, o)
		}
	}
	return contents, nil
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
