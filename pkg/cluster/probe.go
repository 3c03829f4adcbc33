package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/dynamic"
)

// OpenProbe creates the namespace of a run of probes and returns it as the server has it. One of this name that was there
// before is somebody else's.
func (c *Client) OpenProbe(ctx context.Context, namespace *manifest.Object) (live *manifest.Object, err error) {
	tries := 0
	err = c.retry(ctx, func() error {
		tries++
		live, err = c.namespaces().Create(ctx, namespace, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict})
		return err
	})
	if apierrors.IsAlreadyExists(err) && tries > 1 { // the answer to an earlier try was lost
		live, err = c.get(ctx, c.namespaces(), namespace.GetName())
	}
	if err != nil {
		return nil, fmt.Errorf("create %s: %w", manifest.IDOf(namespace), explain(err))
	}
	return live, nil
}

func (c *Client) namespaces() dynamic.ResourceInterface { return c.in(core("namespaces"), false, "") }

// StartProbe creates the objects of a run of probes, one after the other.
func (c *Client) StartProbe(ctx context.Context, objects []*manifest.Object) error {
	kinds := manifest.KindsOf(nil)
	for _, o := range objects {
		resource, err := c.resource(kinds, o)
		if err != nil {
			return err
		}
		err = c.retry(ctx, func() error {
			_, err := resource.Create(ctx, o, metav1.CreateOptions{FieldManager: FieldManager, FieldValidation: strict})
			return err
		})
		if err != nil && !apierrors.IsAlreadyExists(err) { // it is there where the answer to a first try was lost
			return fmt.Errorf("create %s: %w", manifest.IDOf(o), explain(err))
		}
	}
	return nil
}

// ProbePods returns the pods of a run of probes, and the address of the peers' Service.
func (c *Client) ProbePods(ctx context.Context, namespace string) (pods []corev1.Pod, service string, err error) {
	pods, podsErr := typed[corev1.Pod](c.listOne(ctx, collection{gvr: core("pods"), namespaced: true, namespace: namespace, selector: probe.LabelRun}))
	peers, serviceErr := c.optional(ctx, "services", namespace, probe.PeerService)
	return pods, clusterIP(peers), errors.Join(podsErr, serviceErr)
}

// RemoveProbe removes the namespace of a run of probes that has a UID, and with it all that the run brought. It does not
// wait for the end of the pods. A namespace that is gone, or another one of the same name, is no error. Without a UID, which
// a run lacks that ended before it was answered, the namespace goes only if nothing in it is somebody else's.
func (c *Client) RemoveProbe(ctx context.Context, name string, uid types.UID) error {
	err := c.removeProbe(ctx, name, uid)
	if err != nil {
		return fmt.Errorf("remove the namespace %s: %w; remove it with kubectl delete namespace %[1]s", name, explain(err))
	}
	return nil
}

func (c *Client) removeProbe(ctx context.Context, name string, uid types.UID) error {
	if uid != "" {
		return c.deleteNamespace(ctx, name, metav1.Preconditions{UID: &uid})
	}
	live, err := c.get(ctx, c.namespaces(), name)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return c.removeLeftOver(ctx, live)
}

// SweepProbes removes the namespaces of earlier runs that were killed, and so was the process that cleans up after them. own
// is the namespace of this run: it tells the time by the API server's clock. What looks left over and is not removed is
// returned with the reason.
func (c *Client) SweepProbes(ctx context.Context, own *manifest.Object) (kept []string) {
	found, err := c.listOne(ctx, collection{gvr: core("namespaces"), selector: probe.LabelRun + "," + render.LabelManagedBy + "=" + render.ManagedBy})
	if err != nil {
		return []string{fmt.Sprintf("namespaces that earlier probes left were not looked for: %v", explain(err))}
	}
	for i := range found {
		namespace := &found[i]
		if namespace.GetName() == own.GetName() || !probe.LeftOver(namespace, own.GetCreationTimestamp().Time) {
			continue
		}
		if err := c.removeLeftOver(ctx, namespace); err != nil {
			kept = append(kept, fmt.Sprintf("namespace %q is kept: %v", namespace.GetName(), explain(err)))
		}
	}
	return kept
}

// removeLeftOver removes a namespace, if it is that of a run and has not been changed since it was read, and nothing in it
// is somebody else's.
func (c *Client) removeLeftOver(ctx context.Context, namespace *manifest.Object) error {
	run, ok := probe.RunOf(namespace)
	if !ok {
		return fmt.Errorf("it has the label %s, but not the name of a probe's namespace", probe.LabelRun)
	}
	if namespace.GetDeletionTimestamp() != nil {
		return nil
	}
	all, err := c.contents(ctx, namespace.GetName())
	if err != nil {
		return fmt.Errorf("its contents are unknown: %w", err)
	}
	if foreign := probe.Foreign(run, all); len(foreign) > 0 {
		return fmt.Errorf("it has %d objects that no probe makes, the first is %s %q", len(foreign), foreign[0].Kind, foreign[0].Name)
	}
	uid, version := namespace.GetUID(), namespace.GetResourceVersion()
	return c.deleteNamespace(ctx, namespace.GetName(), metav1.Preconditions{UID: &uid, ResourceVersion: &version})
}

// deleteNamespace deletes a namespace unless it is another one, or is being deleted: both are conflicts.
func (c *Client) deleteNamespace(ctx context.Context, name string, only metav1.Preconditions) error {
	now := int64(1)
	err := c.retry(ctx, func() error {
		return c.namespaces().Delete(ctx, name, metav1.DeleteOptions{GracePeriodSeconds: &now, Preconditions: &only})
	})
	if apierrors.IsNotFound(err) || apierrors.IsConflict(err) {
		return nil
	}
	return err
}
