package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Observe fetches the live state of the given objects, and the nodes, the pods in the namespaces of the workloads, and,
// where there are some among the objects, all storage classes. What Fitout renders takes one LIST for each resource; what
// others create has no label to be listed by, and takes one GET each.
func (c *Client) Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (observed.Snapshot, error) {
	var others []*manifest.Object
	objects = slices.DeleteFunc(slices.Clone(objects), func(o *manifest.Object) bool {
		if render.Rendered(o) {
			return false
		}
		others = append(others, o)
		return true
	})
	ours, err := own(kinds, objects)
	if err != nil {
		return observed.Snapshot{}, err
	}
	from := append(ours, collection{gvr: core("nodes"), lean: true})
	for _, namespace := range namespacesOfWorkloads(objects) {
		from = append(from, collection{gvr: core("pods"), namespaced: true, namespace: namespace, lean: true})
	}
	if slices.ContainsFunc(objects, func(o *manifest.Object) bool { return o.GetKind() == "StorageClass" }) {
		from = append(from, collection{gvr: schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}})
	}
	s := observation{Objects: map[manifest.ID]*manifest.Object{}}
	var errs []error
	for i, a := range c.listEach(ctx, from) {
		errs = append(errs, a.err)
		if a.err == nil {
			s.add(i < len(ours), a)
		}
	}
	manifest.Sort(s.StorageClasses)
	errs = append(errs, c.look(ctx, kinds, others, s.Objects))
	if err := errors.Join(errs...); err != nil {
		return observed.Snapshot(s), fmt.Errorf("observe the cluster: %w", err)
	}
	return observed.Snapshot(s), nil
}

// look fetches objects one by one, and puts those that are there into found.
func (c *Client) look(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, found map[manifest.ID]*manifest.Object) error {
	type answer struct {
		live *manifest.Object
		err  error
	}
	var errs []error
	for _, a := range concurrent.Map(parallel, objects, func(o *manifest.Object) answer {
		resource, err := c.resource(kinds, o)
		if err != nil {
			return answer{nil, err}
		}
		live, err := c.get(ctx, resource, o.GetName())
		if apierrors.IsNotFound(err) {
			return answer{nil, nil}
		}
		return answer{live, err}
	}) {
		if errs = append(errs, a.err); a.err == nil && a.live != nil {
			found[manifest.IDOf(a.live)] = a.live
		}
	}
	return errors.Join(errs...)
}

// An observation is a snapshot that grows.
type observation observed.Snapshot

// add takes in what a list found: wanted objects, or all of a resource.
func (s *observation) add(wanted bool, found listed) {
	if s.Nodes = append(s.Nodes, found.nodes...); s.Pods == nil {
		s.Pods = found.pods // of most clusters all; they are large
	} else {
		s.Pods = append(s.Pods, found.pods...)
	}
	for i := range found.objects {
		if o := &found.objects[i]; wanted {
			s.Objects[manifest.IDOf(o)] = o
		} else {
			s.StorageClasses = append(s.StorageClasses, o)
		}
	}
}

func core(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: resource}
}

func namespacesOfWorkloads(objects []*manifest.Object) []string {
	set := map[string]bool{}
	for _, o := range objects {
		if manifest.PodSpecPath(o.GetKind()) != nil {
			set[o.GetNamespace()] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// typed converts listed objects to a type of the Kubernetes API.
func typed[T any](objects []manifest.Object, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	out := make([]T, len(objects))
	for i, o := range objects {
		if err := manifest.Into(o.Object, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", manifest.IDOf(&o), err)
		}
	}
	return out, nil
}
