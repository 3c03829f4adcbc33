package cluster

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync/atomic"

	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/portforward"
	"k8s.io/client-go/transport/spdy"
	"k8s.io/streaming/pkg/httpstream"
)

// AskByForward carries out a task on a port of a pod, with connections that the API server and the kubelet forward: they
// begin inside the pod, on its loopback. The task's address is not used. The error says that there is no way to the pod.
func (c *Client) AskByForward(ctx context.Context, namespace, pod string, t probe.Task) (probe.Result, error) {
	connection, err := c.forward(ctx, namespace, pod)
	if err != nil {
		return probe.Result{}, fmt.Errorf("forward to pod %s: %w", pod, explain(err))
	}
	defer connection.Close()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return probe.Result{}, fmt.Errorf("forward to pod %s: %w", pod, err)
	}
	defer listener.Close()
	f := &forwarding{connection: connection, port: strconv.Itoa(t.Port)}
	go f.serve(listener) // a stream that is never acknowledged is given up after 30 s only: nobody waits for the end of this
	local := listener.Addr().(*net.TCPAddr)
	t.Address, t.Port = local.IP.String(), local.Port
	r := probe.Run(ctx, []probe.Task{t})[0]
	if why := f.why.Load(); why != nil && !r.OK {
		r.Error = *why
	}
	return r, nil
}

// forward opens a connection that carries others to a pod, over a WebSocket or, where the server knows no other (before
// 1.30), over SPDY. What opens it cannot be interrupted: with ctx it is left to its end.
func (c *Client) forward(ctx context.Context, namespace, pod string) (httpstream.Connection, error) {
	url := c.raw.Post().AbsPath("/api/v1").Namespace(namespace).Resource("pods").Name(pod).SubResource("portforward").URL()
	config, err := c.overWebSocket(url)
	if err != nil {
		return nil, err
	}
	first, err := portforward.NewSPDYOverWebsocketDialerForStreaming(url, config)
	if err != nil {
		return nil, err
	}
	transport, upgrader, err := c.overSPDY(url)
	if err != nil {
		return nil, err
	}
	second := spdy.NewDialerForStreaming(upgrader, &http.Client{Transport: transport}, http.MethodPost, url)
	dialer := portforward.NewFallbackDialerForStreaming(first, second, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
	type dialled struct {
		connection httpstream.Connection
		err        error
	}
	done := make(chan dialled, 1)
	go func() {
		connection, _, err := dialer.Dial(portforward.PortForwardProtocolV1Name)
		done <- dialled{connection, err}
	}()
	select {
	case d := <-done:
		return d.connection, d.err
	case <-ctx.Done():
		go func() {
			if d := <-done; d.err == nil {
				d.connection.Close()
			}
		}()
		return nil, ctx.Err()
	}
}

// A forwarding carries connections of a local listener to a port of a pod.
type forwarding struct {
	connection httpstream.Connection
	port       string
	why        atomic.Pointer[string] // what the kubelet said last of a connection that it could not make
}

// serve carries every connection until the listener is closed.
func (f *forwarding) serve(listener net.Listener) {
	for request := 0; ; request++ {
		local, err := listener.Accept()
		if err != nil {
			return
		}
		go func() {
			defer local.Close() // once it is known why
			switch said, err := f.carry(local, strconv.Itoa(request)); {
			case said != "":
				f.why.Store(&said)
			case err != nil: // which says less than what the kubelet said before
				text := err.Error()
				f.why.CompareAndSwap(nil, &text)
			}
		}()
	}
}

// carry carries one connection: each is a stream for its bytes and one on which the kubelet says what is wrong.
func (f *forwarding) carry(local net.Conn, request string) (said string, err error) {
	stream := func(kind string) (httpstream.Stream, error) {
		return f.connection.CreateStream(http.Header{
			corev1.StreamType: {kind}, corev1.PortHeader: {f.port}, corev1.PortForwardRequestIDHeader: {request},
		})
	}
	trouble, err := stream(corev1.StreamTypeError)
	if err != nil {
		return "", err
	}
	trouble.Close() // nothing is written to it
	data, err := stream(corev1.StreamTypeData)
	if err != nil {
		return "", err
	}
	defer f.connection.RemoveStreams(trouble, data)
	go func() {
		io.Copy(data, local) //nolint:errcheck // the task sees what is missing
		data.Close()
	}()
	io.Copy(local, data) //nolint:errcheck // the task sees what is missing
	data.Reset()         //nolint:errcheck // or what is unsent holds up the other stream
	text, err := io.ReadAll(io.LimitReader(trouble, resultBytes))
	return string(text), err
}
