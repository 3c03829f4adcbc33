package cluster

import (
	"context"
	"errors"
	"fmt"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/fitout-dev/fitout/pkg/probes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/dynamic"
)

// Claim observes the claim of a run of probes, the named volume or else the claim's, and one of the run's pods. What is not
// there is nil. Who may not read events sees none.
func (c *Client) Claim(ctx context.Context, namespace, volume, pod string) (s probes.ClaimState, err error) {
	var claimErr, podErr, volumeErr error
	s.Claim, claimErr = seen[corev1.PersistentVolumeClaim](ctx, c, c.in(core("persistentvolumeclaims"), true, namespace), probe.ClaimName)
	if pod != "" {
		s.Pod, podErr = seen[corev1.Pod](ctx, c, c.in(core("pods"), true, namespace), pod)
	}
	if volume == "" && s.Claim != nil {
		volume = s.Claim.Spec.VolumeName
	}
	if volume != "" {
		s.Volume, volumeErr = seen[corev1.PersistentVolume](ctx, c, c.in(core("persistentvolumes"), false, ""), volume)
	}
	if err := errors.Join(claimErr, podErr, volumeErr); err != nil {
		return s, err
	}
	s.Events, _ = few[corev1.Event](ctx, c, "events", namespace, metav1.ListOptions{}) //nolint:errcheck // no event is no cause
	if s.Claim == nil && s.Volume != nil {
		ofVolume, _ := few[corev1.Event](ctx, c, "events", clusterEvents, metav1.ListOptions{FieldSelector: "involvedObject.kind=PersistentVolume,involvedObject.name=" + volume}) //nolint:errcheck
		s.Events = append(s.Events, ofVolume...)
	}
	return s, nil
}

// clusterEvents is the namespace of the events of objects that are in none.
const clusterEvents = "default"

// seen fetches an object that may not be there.
func seen[T any](ctx context.Context, c *Client, resource dynamic.ResourceInterface, name string) (*T, error) {
	o, err := c.get(ctx, resource, name)
	if apierrors.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, explain(err)
	}
	list, err := typed[T]([]manifest.Object{*o}, nil)
	if err != nil {
		return nil, err
	}
	return &list[0], nil
}

// RemoveObject removes an object that a run of probes brought. One that is gone is no error.
func (c *Client) RemoveObject(ctx context.Context, o *manifest.Object) error {
	resource, err := c.resource(manifest.KindsOf(nil), o)
	if err != nil {
		return err
	}
	err = c.retry(ctx, func() error { return resource.Delete(ctx, o.GetName(), metav1.DeleteOptions{}) })
	if err != nil && !apierrors.IsNotFound(err) {
		return fmt.Errorf("remove %s: %w", manifest.IDOf(o), explain(err))
	}
	return nil
}
