package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/render"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

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

// RemoveProbe removes the namespace of a run of probes, and with it all that the run brought. It does not wait for the
// end of the pods. A namespace that is gone is no error.
func (c *Client) RemoveProbe(ctx context.Context, namespace string) error {
	now := int64(1)
	err := c.retry(ctx, func() error {
		return c.dynamic.Resource(core("namespaces")).Delete(ctx, namespace, metav1.DeleteOptions{GracePeriodSeconds: &now})
	})
	if err != nil && !apierrors.IsNotFound(err) && !apierrors.IsConflict(err) { // a conflict: it is being deleted
		return fmt.Errorf("remove the namespace %s: %w; remove it with kubectl delete namespace %[1]s", namespace, explain(err))
	}
	return nil
}

// SweepProbes removes the namespaces of earlier runs whose time is over: they were killed, and so was what should have
// cleaned up after them.
func (c *Client) SweepProbes(ctx context.Context, now time.Time) error {
	left, err := c.listOne(ctx, collection{gvr: core("namespaces"), selector: probe.LabelRun + "," + render.LabelManagedBy + "=" + render.ManagedBy})
	if err != nil {
		return err
	}
	var errs []error
	for _, namespace := range left {
		expires, err := time.Parse(time.RFC3339, namespace.GetAnnotations()[probe.AnnotationExpires])
		if namespace.GetDeletionTimestamp() == nil && err == nil && now.After(expires) {
			errs = append(errs, c.RemoveProbe(ctx, namespace.GetName()))
		}
	}
	return errors.Join(errs...)
}
