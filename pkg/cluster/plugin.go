package cluster

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"

	"k8s.io/client-go/rest"
)

// httpClient is the client for all requests but those for an upgrade.
func httpClient(config *rest.Config) (*http.Client, error) {
	client, err := rest.HTTPClientFor(config)
	if err != nil || config.ExecProvider == nil {
		return client, err
	}
	return &http.Client{Transport: plugin{client.Transport, config.ExecProvider.Command}, Timeout: client.Timeout}, nil
}

// A plugin is a transport whose credentials come from a program that the kubeconfig names (exec). client-go runs it before a
// request is sent, and waits for its end whatever becomes of the request's context.
type plugin struct {
	next    http.RoundTripper
	command string
}

// begun tells that a request has its credentials.
type begun struct{ atomic.Bool }

type begunKey struct{}

func (p plugin) RoundTrip(r *http.Request) (*http.Response, error) {
	sent := &begun{}
	r = r.WithContext(context.WithValue(r.Context(), begunKey{}, sent))
	type outcome struct {
		answer *http.Response
		err    error
	}
	done := make(chan outcome, 1)
	go func() {
		answer, err := p.next.RoundTrip(r)
		done <- outcome{answer, err}
	}()
	select {
	case o := <-done:
		return o.answer, o.err
	case <-r.Context().Done():
	}
	if sent.Load() { // the network heeds the context
		o := <-done
		return o.answer, o.err
	}
	go func() {
		if o := <-done; o.answer != nil {
			o.answer.Body.Close()
		}
	}()
	return nil, errors.New(slowPluginText + brief(p.command, 200) + " of the kubeconfig, has not ended") // the end of the context is not the cause
}

// slowPluginText begins the error of a plug-in that has not ended in the time of a request.
const slowPluginText = "the plug-in for credentials, "
