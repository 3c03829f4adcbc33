package cluster

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probes"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// aggregated bounds the question to an aggregated API: the API server itself waits for it, and an answer that does not
// come says something of the cluster.
const aggregated = 10 * time.Second

// Survey observes what probes are planned and judged by, besides the objects of a plan.
func (c *Client) Survey(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (probes.Survey, error) {
	snapshot, err := c.Observe(ctx, kinds, objects)
	if err != nil {
		return probes.Survey{}, err
	}
	s := probes.Survey{Snapshot: snapshot, Now: time.Now()}
	service, apiErr := c.optional(ctx, "services", "default", "kubernetes")
	s.APIServer = clusterIP(service)
	dns, dnsErr := c.optional(ctx, "services", "kube-system", "kube-dns")
	if dns != nil {
		s.DNS = &corev1.Service{}
		dnsErr = manifest.Into(dns.Object, s.DNS)
	}
	var csiErr error
	s.CSINodes, csiErr = pointers(c.listOne(ctx, collection{gvr: c.csiNodes()}))
	metrics, metricsErr := c.nodeMetrics(ctx)
	if s.NodeMetrics = metrics; metricsErr != nil && !apierrors.IsForbidden(metricsErr) {
		s.MetricsError, metricsErr = reason(metricsErr).Error(), nil
	}
	if err := errors.Join(apiErr, dnsErr, csiErr, metricsErr); err != nil {
		return s, fmt.Errorf("observe the cluster for probes: %w", explain(err))
	}
	return s, nil
}

// csiNodes are of v1 from 1.17 on.
func (c *Client) csiNodes() schema.GroupVersionResource {
	gvr := schema.GroupVersionResource{Group: "storage.k8s.io", Version: "v1", Resource: "csinodes"}
	if !c.atLeast("1.17") {
		gvr.Version = "v1beta1"
	}
	return gvr
}

// nodeMetrics asks once: an API that does not answer is what the probe is to find.
func (c *Client) nodeMetrics(ctx context.Context) ([]*manifest.Object, error) {
	ctx, cancel := context.WithTimeout(ctx, aggregated)
	defer cancel()
	gvr := schema.GroupVersionResource{Group: "metrics.k8s.io", Version: "v1beta1", Resource: "nodes"}
	list := pager[manifest.Object]{fetch: objectsOf(c.in(gvr, false, "")), try: once, most: mostObjects, size: pageSize}
	return pointers(list.all(ctx, metav1.ListOptions{}))
}

func pointers(objects []manifest.Object, err error) ([]*manifest.Object, error) {
	out := make([]*manifest.Object, len(objects))
	for i := range objects {
		out[i] = &objects[i]
	}
	return out, err
}
