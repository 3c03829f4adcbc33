package cluster

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

const (
	// diagnosing bounds all that is asked for a diagnosis: a kubelet that hangs costs this and not the run.
	diagnosing = 10 * time.Second
	// The end of a log that is read. A cause may stand some lines above the last one.
	logTail  = 50
	logBytes = 64 << 10
	// mostListed bounds a list, of which only few objects are of interest.
	mostListed = 2000
)

// Diagnose asks what explains that something is unmet. What it may not ask, or gets no answer to, is in the evidence too.
func (c *Client) Diagnose(ctx context.Context, q observed.EvidenceRequest) observed.Evidence {
	ctx, cancel := context.WithTimeout(ctx, diagnosing)
	defer cancel()
	e := observed.Evidence{Logs: map[observed.LogRequest]observed.Log{}}
	miss := func(err error) {
		if err != nil {
			e.Unavailable = append(e.Unavailable, reason(err).Error())
		}
	}
	for _, namespace := range q.Events {
		events, err := few[corev1.Event](ctx, c, "events", namespace, metav1.ListOptions{FieldSelector: "type=" + corev1.EventTypeWarning})
		e.Events = append(e.Events, events...)
		miss(err)
	}
	if q.Pods {
		var err error
		e.Pods, err = few[corev1.Pod](ctx, c, "pods", "", metav1.ListOptions{FieldSelector: "status.phase!=Succeeded,status.phase!=Failed"})
		miss(err)
	}
	if q.Webhooks {
		for _, resource := range []string{"validatingwebhookconfigurations", "mutatingwebhookconfigurations"} {
			found, err := c.webhooks(ctx, resource)
			e.Webhooks = append(e.Webhooks, found...)
			miss(err)
		}
	}
	if c.NoLogs {
		q.Logs = nil
	}
	logs := concurrent.Map(parallel, q.Logs, func(of observed.LogRequest) observed.Log { return c.log(ctx, of) })
	for i, of := range q.Logs {
		e.Logs[of] = logs[i]
	}
	return e
}

// few lists objects once and in bounds: a diagnosis does without rather than wait.
func few[T any](ctx context.Context, c *Client, resource, namespace string, o metav1.ListOptions) ([]T, error) {
	return typed[T](c.listFew(ctx, core(resource), namespace, o))
}

// webhooks lists configurations of admission webhooks, which are of v1 from 1.16 on.
func (c *Client) webhooks(ctx context.Context, resource string) ([]*manifest.Object, error) {
	gvr := schema.GroupVersionResource{Group: "admissionregistration.k8s.io", Version: "v1", Resource: resource}
	if !c.atLeast("1.16") {
		gvr.Version = "v1beta1"
	}
	return pointers(c.listFew(ctx, gvr, "", metav1.ListOptions{}))
}

// listFew lists the first objects of a resource, in one namespace or, without one, in all.
func (c *Client) listFew(ctx context.Context, gvr schema.GroupVersionResource, namespace string, o metav1.ListOptions) ([]manifest.Object, error) {
	list := pager[manifest.Object]{fetch: objectsOf(c.in(gvr, namespace != "", namespace)), try: once, most: mostListed, size: pageSize}
	objects, err := list.all(ctx, o)
	var more *tooManyError
	if err != nil && !errors.As(err, &more) {
		return nil, fmt.Errorf("list %s: %w", gvr.Resource, err)
	}
	return objects, nil
}

// log reads the end of a log. The kubelet of the node answers, through the API server.
func (c *Client) log(ctx context.Context, of observed.LogRequest) observed.Log {
	request := c.raw.Get().AbsPath("/api/v1").Namespace(of.Namespace).Resource("pods").Name(of.Pod).SubResource("log").
		Param("container", of.Container).Param("tailLines", fmt.Sprint(logTail))
	if of.Previous {
		request = request.Param("previous", "true")
	}
	body, err := request.Stream(allow(ctx, plainText))
	if err != nil {
		return observed.Log{Error: reason(err).Error()}
	}
	defer body.Close()
	text, err := io.ReadAll(io.LimitReader(body, logBytes))
	if err != nil {
		return observed.Log{Text: string(text), Error: err.Error()}
	}
	return observed.Log{Text: string(text)}
}
