package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// cluster is the API server as its administrator sees it, past the proxy.
type cluster struct{ dynamic.Interface }

// A set is objects that a run leaves behind.
type set struct {
	gvr       schema.GroupVersionResource
	namespace string
	selector  string
	follows   bool // from other objects: gone when they are
}

func gvr(group, resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: group, Version: "v1", Resource: resource}
}

var sets = []set{
	{gvr: gvr("", "configmaps"), namespace: namespace, selector: label},
	{gvr: gvr("", "serviceaccounts"), namespace: namespace, selector: label},
	{gvr: gvr("", "services"), namespace: namespace, selector: label},
	{gvr: gvr("rbac.authorization.k8s.io", "clusterroles"), selector: label},
	{gvr: gvr("apps", "deployments"), namespace: namespace, selector: label},
	{gvr: gvr("", "secrets"), namespace: namespace, selector: "owner=helm"},
	{gvr: gvr("", "configmaps"), namespace: "kube-system", selector: "app.kubernetes.io/managed-by=fitout"},
	{gvr: gvr("apps", "replicasets"), namespace: namespace, follows: true},
	{gvr: gvr("discovery.k8s.io", "endpointslices"), namespace: namespace, follows: true},
}

func connect(ctx context.Context, admin *rest.Config) (cluster, error) {
	admin = rest.CopyConfig(admin)
	admin.QPS = -1
	client, err := dynamic.NewForConfig(admin)
	if err != nil {
		return cluster{}, err
	}
	c := cluster{client}
	o := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace", "metadata": map[string]any{"name": namespace}}}
	if _, err := c.Resource(gvr("", "namespaces")).Create(ctx, o, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return c, err
	}
	return c, nil
}

// clean takes away what a run left, and waits until it is gone with all that followed from it.
func (c cluster) clean(ctx context.Context) error {
	background := metav1.DeletePropagationBackground
	for _, s := range sets {
		if s.follows {
			continue
		}
		err := c.Resource(s.gvr).Namespace(s.namespace).DeleteCollection(ctx, metav1.DeleteOptions{PropagationPolicy: &background}, metav1.ListOptions{LabelSelector: s.selector})
		if err != nil {
			return fmt.Errorf("delete %s: %w", s.gvr.Resource, err)
		}
	}
	return wait(ctx, func() (bool, error) {
		state, err := c.state(ctx, true)
		return len(state) == 0, err
	})
}

// state returns the resource version of every object that a run left.
func (c cluster) state(ctx context.Context, followers bool) (map[string]string, error) {
	state := map[string]string{}
	for _, s := range sets {
		if s.follows && !followers {
			continue
		}
		list, err := c.Resource(s.gvr).Namespace(s.namespace).List(ctx, metav1.ListOptions{LabelSelector: s.selector})
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", s.gvr.Resource, err)
		}
		for _, o := range list.Items {
			state[s.gvr.Resource+" "+o.GetNamespace()+"/"+o.GetName()] = o.GetResourceVersion()
		}
	}
	return state, nil
}

// quiet waits until the controllers have done what follows from a run, and returns the state then.
func (c cluster) quiet(ctx context.Context) (map[string]string, error) {
	var last map[string]string
	err := wait(ctx, func() (bool, error) {
		state, err := c.state(ctx, true)
		same := last != nil && maps.Equal(last, state)
		last = state
		return same, err
	})
	if err != nil {
		return nil, err
	}
	return c.state(ctx, false)
}

// changed counts the objects that are different, new or gone.
func changed(before, after map[string]string) int {
	n := 0
	for key, version := range after {
		if before[key] != version {
			n++
		}
	}
	for key := range before {
		if _, there := after[key]; !there {
			n++
		}
	}
	return n
}

func wait(ctx context.Context, done func() (bool, error)) error {
	for range 120 {
		if ok, err := done(); ok || err != nil {
			return err
		}
		if concurrent.Sleep(ctx, 500*time.Millisecond) != nil {
			return ctx.Err()
		}
	}
	return errors.New("the cluster does not come to rest within a minute; see the logs of the bed")
}
