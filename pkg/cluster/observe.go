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
// in the namespaces of the workloads, and the storage classes.
func (c *Client) Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (check.Snapshot, error) {
	collections, err := own(kinds, objects)
	if err != nil {
		return check.Snapshot{}, err
	}
	live, liveErr := c.list(ctx, collections)
	nodes, nodesErr := typed[corev1.Node](c.listOne(ctx, collection{gvr: core("nodes")}))
	s := check.Snapshot{Objects: live, Nodes: nodes}
	errs := []error{liveErr, nodesErr}
	for _, namespace := range namespacesOfWorkloads(objects) {
		pods, err := typed[corev1.Pod](c.listOne(ctx, collection{gvr: core("pods"), namespaced: true, namespace: namespace}))
		s.Pods = append(s.Pods, pods...)
		errs = append(errs, err)
	}
	classes, err := c.list(ctx, []collection{{gvr: schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "storageclasses"}}})
	s.StorageClasses = slices.Collect(maps.Values(classes))
	manifest.Sort(s.StorageClasses)
	if err := errors.Join(append(errs, err)...); err != nil {
		return s, fmt.Errorf("observe the cluster: %w", err)
	}
	return s, nil
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
