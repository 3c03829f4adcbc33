package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
)

// A collection is one LIST request: the objects of a resource, in one namespace, that selector matches.
type collection struct {
	gvr        schema.GroupVersionResource
	namespaced bool
	namespace  string
	selector   string
	// wanted are the objects that count; nil for all. A kind may be rendered in two versions (CRDs of 1.16 and later),
	// of which each lists the objects of both.
	wanted map[manifest.ID]bool
	// lean reads nodes and pods without the fields that are dropped (lean.go).
	lean bool
	// keep, if set, says of each object whether it is kept, and may drop from it what is not read.
	keep func(*manifest.Object) bool
}

// own are the collections in which the given objects stand, restricted to what Fitout rendered.
func own(kinds manifest.Kinds, objects []*manifest.Object) ([]collection, error) {
	set := map[string]collection{}
	for _, o := range objects {
		gvr, r, err := kinds.Of(o)
		if err != nil {
			return nil, err
		}
		key := gvr.String() + " " + o.GetNamespace()
		if _, ok := set[key]; !ok {
			set[key] = collection{gvr: gvr, namespaced: r.Namespaced, namespace: o.GetNamespace(), selector: render.LabelAddon, wanted: map[manifest.ID]bool{}}
		}
		set[key].wanted[manifest.IDOf(o)] = true
	}
	var all []collection
	for _, key := range slices.Sorted(maps.Keys(set)) {
		all = append(all, set[key])
	}
	return all, nil
}

// A listed is what one collection has.
type listed struct {
	objects []manifest.Object
	nodes   []corev1.Node // instead of objects, of a lean collection
	pods    []corev1.Pod  // likewise
	err     error
}

// listEach fetches collections at the same time. A resource that the server does not have (yet) has no objects.
func (c *Client) listEach(ctx context.Context, collections []collection) []listed {
	return concurrent.Map(parallel, collections, func(from collection) (l listed) {
		switch {
		case from.lean && from.gvr == core("nodes"):
			l.nodes, l.err = c.nodes(ctx)
		case from.lean:
			l.pods, l.err = c.pods(ctx, from.namespace)
		default:
			l.objects, l.err = c.listOne(ctx, from)
		}
		return l
	})
}

// list fetches collections and returns their objects by ID.
func (c *Client) list(ctx context.Context, collections []collection) (map[manifest.ID]*manifest.Object, error) {
	all := map[manifest.ID]*manifest.Object{}
	var errs []error
	for _, a := range c.listEach(ctx, collections) {
		errs = append(errs, a.err)
		for i := range a.objects {
			all[manifest.IDOf(&a.objects[i])] = &a.objects[i]
		}
	}
	return all, errors.Join(errs...)
}

func (c *Client) listOne(ctx context.Context, from collection) ([]manifest.Object, error) {
	list := pager[manifest.Object]{fetch: objectsOf(c.in(from.gvr, from.namespaced, from.namespace)), try: c.retry, most: mostObjects, size: pageSize}
	if from.keep != nil {
		list.fetch = kept(list.fetch, from.keep)
	}
	objects, err := list.all(ctx, metav1.ListOptions{LabelSelector: from.selector})
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", from.gvr.Resource, err)
	}
	return slices.DeleteFunc(objects, func(o manifest.Object) bool { return from.wanted != nil && !from.wanted[manifest.IDOf(&o)] }), nil
}

// get fetches one object.
func (c *Client) get(ctx context.Context, resource dynamic.ResourceInterface, name string) (live *manifest.Object, err error) {
	err = c.retry(ctx, func() error {
		live, err = resource.Get(ctx, name, metav1.GetOptions{})
		return err
	})
	return live, err
}
