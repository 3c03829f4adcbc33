package cluster

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/net"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes/scheme"
)

var rawSerializer runtime.NegotiatedSerializer = scheme.Codecs.WithoutConversion()

// patience is how long a request is tried again: 7 times in about 20 s, which outlasts a change of etcd's leader and
// most restarts of an API server behind a load balancer.
var patience = wait.Backoff{Duration: 200 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 7}

// retry calls f until it succeeds, fails for good, or patience is at its end. Every call that Fitout makes may be made
// twice: applying again what was applied changes nothing.
func retry(ctx context.Context, f func() error) error {
	backoff := patience
	for {
		err := f()
		if err == nil || !transient(err) || backoff.Steps <= 1 {
			return err
		}
		pause := backoff.Step()
		if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
			pause = max(pause, time.Duration(seconds)*time.Second)
		}
		select {
		case <-ctx.Done():
			return errors.Join(ctx.Err(), err)
		case <-time.After(pause):
		}
	}
}

// transient tells errors that pass by themselves: a connection that broke, a server that is starting, busy or electing.
func transient(err error) bool {
	if net.IsConnectionReset(err) || net.IsConnectionRefused(err) || net.IsProbableEOF(err) || net.IsHTTP2ConnectionLost(err) {
		return true
	}
	if apierrors.IsTooManyRequests(err) || apierrors.IsServerTimeout(err) || apierrors.IsServiceUnavailable(err) || apierrors.IsTimeout(err) {
		return true
	}
	var status apierrors.APIStatus
	if !errors.As(err, &status) || strings.Contains(status.Status().Message, typedPatch) {
		return false
	}
	return status.Status().Code == http.StatusInternalServerError || status.Status().Code == http.StatusBadGateway
}

// typedPatch is how server-side apply refuses an object that does not fit its type: with a 500, as if the server were at
// fault (Kubernetes 1.36, apimachinery/pkg/util/managedfields).
const typedPatch = "failed to create typed patch object"

// each calls f for every item, at most parallel at once, and returns the results in the order of the items.
func each[T, R any](items []T, f func(T) R) []R {
	results := make([]R, len(items))
	slots := make(chan struct{}, parallel)
	var wg sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = f(item)
		})
	}
	wg.Wait()
	return results
}
