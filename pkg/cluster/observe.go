package cluster

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// Observe fetches the live state of the given objects with one LIST for each of their resources, and the nodes, the pods
// in the namespaces of the workloads, and, where there are some among the objects, all storage classes.
func (c *Client) Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (check.Snapshot, error) {
	ours, err := own(kinds, objects)
	if err != nil {
		return check.Snapshot{}, err
	}
	from := append(ours, collection{gvr: core("nodes")})
	for _, namespace := range namespacesOfWorkloads(objects) {
		from = append(from, collection{gvr: core("pods"), namespaced: true, namespace: namespace})
	}
	if slices.ContainsFunc(objects, func(o *manifest.Object) bool { return o.GetKind() == "StorageClass" }) {
		from = append(from, collection{gvr: schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}})
	}
	s := observation{Objects: map[manifest.ID]*manifest.Object{}}
	var errs []error
	for i, a := range c.listEach(ctx, from) {
		errs = append(errs, a.err)
		if a.err == nil {
			errs = append(errs, s.add(i < len(ours), from[i].gvr.Resource, a.objects))
		}
	}
	manifest.Sort(s.StorageClasses)
	if err := errors.Join(errs...); err != nil {
		return check.Snapshot(s), fmt.Errorf("observe the cluster: %w", err)
	}
	return check.Snapshot(s), nil
}

// An observation is a snapshot that grows.
type observation check.Snapshot

// add takes in what a list found: wanted objects, or all of a resource.
func (s *observation) add(wanted bool, resource string, found []manifest.Object) (err error) {
	switch {
	case wanted:
		for i := range found {
			s.Objects[manifest.IDOf(&found[i])] = &found[i]
		}
	case resource == "nodes":
		s.Nodes, err = typed[corev1.Node](found, nil)
	case resource == "pods":
		pods, typedErr := typed[corev1.Pod](found, nil)
		s.Pods, err = append(s.Pods, pods...), typedErr
	default:
		for i := range found {
			s.StorageClasses = append(s.StorageClasses, &found[i])
		}
	}
	return err
}

func core(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Version: "v1", Resource: resource}
}

func namespacesOfWorkloads(objects []*manifest.Object) []string {
	set := map[string]bool{}
	for _, o := range objects {
		switch o.GetKind() {
		case "DaemonSet", "Deployment", "StatefulSet", "Job":
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
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &out[i]); err != nil {
			return nil, fmt.Errorf("%s: %w", manifest.IDOf(&o), err)
		}
	}
	return out, nil
}
