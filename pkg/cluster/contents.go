package cluster

import (
	"context"
	"fmt"
	"slices"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/metadata"
)

// Bounds of what is read of a namespace, for each resource.
const (
	contentsPage = 500
	mostContents = 50_000
)

// contents returns the metadata of everything in a namespace, of each resource that can be listed and deleted: views such as
// metrics have no objects of their own. Nothing is left out: an API that does not answer is an error.
func (c *Client) contents(ctx context.Context, namespace string) ([]metav1.PartialObjectMetadata, error) {
	served, err := c.deletable(ctx)
	if err != nil {
		return nil, err
	}
	client, err := metadata.NewForConfigAndClient(c.config, c.http)
	if err != nil {
		return nil, err
	}
	var all []metav1.PartialObjectMetadata
	for _, kind := range served {
		found, err := c.metadataOf(ctx, client.Resource(kind.gvr).Namespace(namespace))
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.gvr.GroupResource(), err)
		}
		for _, o := range found {
			o.SetGroupVersionKind(kind.gvr.GroupVersion().WithKind(kind.kind))
			all = append(all, o)
		}
	}
	return all, nil
}

// metadataOf lists the metadata of the objects of a resource.
func (c *Client) metadataOf(ctx context.Context, from metadata.ResourceInterface) ([]metav1.PartialObjectMetadata, error) {
	list := pager[metav1.PartialObjectMetadata]{try: c.retry, most: mostContents, size: contentsPage}
	list.fetch = func(ctx context.Context, o metav1.ListOptions) (page[metav1.PartialObjectMetadata], error) {
		list, err := from.List(ctx, o)
		if err != nil {
			return page[metav1.PartialObjectMetadata]{}, err
		}
		return page[metav1.PartialObjectMetadata]{items: list.Items, next: list.Continue}, nil
	}
	all, err := list.all(ctx, metav1.ListOptions{})
	if apierrors.IsNotFound(err) { // the resource was removed at this moment
		return nil, nil
	}
	return all, err
}

// servedKind is a kind as an API server serves it.
type servedKind struct {
	gvr  schema.GroupVersionResource
	kind string
}

// deletable returns the namespaced resources of the server whose objects can be listed and deleted.
func (c *Client) deletable(ctx context.Context) ([]servedKind, error) {
	client, err := discovery.NewDiscoveryClientForConfig(c.config)
	if err != nil {
		return nil, err
	}
	lists, err := client.ServerPreferredNamespacedResourcesWithContext(ctx)
	if err != nil {
		return nil, err
	}
	var all []servedKind
	for _, list := range lists {
		version, err := schema.ParseGroupVersion(list.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range list.APIResources {
			isName := len(validation.IsDNS1123Label(r.Name)) == 0 // a subresource has a slash
			if isName && slices.Contains(r.Verbs, "list") && slices.Contains(r.Verbs, "delete") {
				all = append(all, servedKind{version.WithResource(r.Name), r.Kind})
			}
		}
	}
	return all, nil
}
