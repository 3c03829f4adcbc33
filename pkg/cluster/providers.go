package cluster

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/fitout-dev/fitout/pkg/render"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Providers reads what providers of others are looked for in: nodes, workloads and Services of all namespaces, static pods of
// kube-system, API services, StorageClasses, and the sources of settings that are wanted then. All of it may be listed, or the error
// names the missing permission.
func (c *Client) Providers(ctx context.Context, sources func(provider.Observed) []provider.Source) (provider.Observed, error) {
	apps := func(resource string) schema.GroupVersionResource {
		return schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}
	}
	objects, err := c.mayList(ctx, []collection{
		{gvr: core("nodes"), keep: withoutImages}, {gvr: apps("daemonsets")}, {gvr: apps("deployments")},
		{gvr: core("pods"), namespaced: true, namespace: render.Namespace, keep: ofNode},
		{gvr: core("services")},
		{gvr: schema.GroupVersionResource{Group: "apiregistration.k8s.io", Version: "v1", Resource: "apiservices"}},
		{gvr: schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}},
	})
	if err != nil {
		return provider.Observed{}, err
	}
	found := provider.Observed{Nodes: objects[0], Workloads: slices.Concat(objects[1], objects[2], objects[3]), Services: objects[4],
		APIServices: objects[5], StorageClasses: objects[6], Settings: map[provider.Source]*manifest.Object{}}
	return found, c.settings(ctx, sources(found), found.Settings)
}

// settings reads what configures workloads.
func (c *Client) settings(ctx context.Context, sources []provider.Source, into map[provider.Source]*manifest.Object) error {
	var from []collection
	for _, s := range sources {
		from = append(from, collection{gvr: s.Resource, namespaced: s.Namespace != "", namespace: s.Namespace, keep: func(o *manifest.Object) bool { return o.GetName() == s.Name }})
	}
	objects, err := c.mayList(ctx, from)
	for i, found := range objects {
		for _, o := range found {
			into[sources[i]] = o
		}
	}
	return err
}

// mayList fetches collections. The error says how to do without those that may not be listed.
func (c *Client) mayList(ctx context.Context, from []collection) ([][]*manifest.Object, error) {
	found := c.listEach(ctx, from)
	var errs []error
	objects := make([][]*manifest.Object, len(found))
	for i, f := range found {
		if objects[i], f.err = pointers(f.objects, f.err); apierrors.IsForbidden(f.err) {
			f.err = fmt.Errorf("%w; or leave the search out with --ignore-existing all", explain(f.err))
		}
		errs = append(errs, f.err)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, fmt.Errorf("look for other providers of the addons: %w", err)
	}
	return objects, nil
}

// withoutImages drops the larger part of a node, which no rule reads.
func withoutImages(node *manifest.Object) bool {
	unstructured.RemoveNestedField(node.Object, "status", "images")
	unstructured.RemoveNestedField(node.Object, "metadata", "managedFields")
	return true
}

// ofNode reports whether a pod is the mirror of a static pod, which its node owns.
func ofNode(pod *manifest.Object) bool {
	return slices.ContainsFunc(pod.GetOwnerReferences(), func(owner metav1.OwnerReference) bool { return owner.Kind == "Node" })
}
