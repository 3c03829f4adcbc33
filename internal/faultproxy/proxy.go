// Package faultproxy stands between a client and a real API server and breaks requests by plan: connections that reset,
// answers that are lost after the write has happened, overload, hanging servers, expired tokens. It also counts requests
// and can make the way to the server longer. It is for tests and measurements.
package faultproxy

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"

	"k8s.io/client-go/rest"
)

// Options say how a proxy stands before its server.
type Options struct {
	// PlainHTTP leaves TLS out, and HTTP/2 with it.
	PlainHTTP bool
	// AddedRoundTrip is how much later each request reaches the server.
	AddedRoundTrip time.Duration
}

// A Proxy forwards the requests of clients to one API server, but for those that its plan has a fault for. A request
// with an Authorization header goes with that; others go with the credentials that the proxy was started with.
type Proxy struct {
	front     *httptest.Server
	admin     *httputil.ReverseProxy
	anonymous *httputil.ReverseProxy
	roundTrip time.Duration
	plan      atomic.Pointer[plan]
}

// Start starts a proxy on the loopback, without faults, before the server of a client configuration.
func Start(upstream *rest.Config, o Options) (*Proxy, error) {
	target, err := url.Parse(upstream.Host)
	if err != nil {
		return nil, fmt.Errorf("fault proxy: host of the API server: %w; give its URL", err)
	}
	p := &Proxy{roundTrip: o.AddedRoundTrip}
	if p.admin, err = forwarder(target, upstream); err != nil {
		return nil, err
	}
	if p.anonymous, err = forwarder(target, rest.AnonymousClientConfig(upstream)); err != nil {
		return nil, err
	}
	p.Plan()
	p.front = httptest.NewUnstartedServer(http.HandlerFunc(p.serve))
	p.front.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		return context.WithValue(ctx, connection{}, c)
	}
	p.front.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what it is for
	if o.PlainHTTP {
		p.front.Start()
		return p, nil
	}
	p.front.EnableHTTP2 = true
	p.front.StartTLS()
	return p, nil
}

func forwarder(target *url.URL, config *rest.Config) (*httputil.ReverseProxy, error) {
	transport, err := rest.TransportFor(config)
	if err != nil {
		return nil, fmt.Errorf("fault proxy: %w", err)
	}
	return &httputil.ReverseProxy{
		Rewrite:       func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport:     transport,
		FlushInterval: -1, // watches
		ErrorLog:      log.New(io.Discard, "", 0),
		ErrorHandler:  func(_ http.ResponseWriter, r *http.Request, _ error) { breakConnection(r) },
	}, nil
}

// Close ends the proxy and the connections to it.
func (p *Proxy) Close() {
	p.front.CloseClientConnections()
	p.front.Close()
}

// Config is how a client reaches the proxy, without credentials.
func (p *Proxy) Config() *rest.Config {
	c := &rest.Config{Host: p.front.URL}
	if certificate := p.front.Certificate(); certificate != nil {
		c.CAData = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certificate.Raw})
	}
	return c
}

// Plan replaces the faults and begins to count anew. Paths that are no regular expressions panic.
func (p *Proxy) Plan(faults ...Fault) { p.plan.Store(newPlan(faults)) }

// Add adds a fault to the plan and goes on counting.
func (p *Proxy) Add(f Fault) { p.plan.Load().add(f) }

// Requests returns how many requests came in since the last Plan, by method.
func (p *Proxy) Requests() map[string]int {
	plan := p.plan.Load()
	plan.mu.Lock()
	defer plan.mu.Unlock()
	return maps.Clone(plan.counts)
}

// Total is the number of all requests since the last Plan.
func (p *Proxy) Total() int {
	n := 0
	for _, count := range p.Requests() {
		n += count
	}
	return n
}

// Hits is how many requests were hit by a fault since the last Plan.
func (p *Proxy) Hits() int {
	plan := p.plan.Load()
	plan.mu.Lock()
	defer plan.mu.Unlock()
	return plan.hits
}

func (p *Proxy) serve(w http.ResponseWriter, r *http.Request) {
	f := p.plan.Load().next(r)
	wait(r, p.roundTrip)
	switch f.Effect {
	case Reset:
		breakConnection(r)
	case LoseReply:
		p.forward(nothing{}, r)
		breakConnection(r)
	case Truncate:
		p.forward(&half{ResponseWriter: w}, r)
		panic(http.ErrAbortHandler)
	case Answer:
		answer(w, f)
	case Hang:
		wait(r, f.Pause)
		breakConnection(r)
	default:
		wait(r, f.Pause)
		p.forward(w, r)
	}
}

func (p *Proxy) forward(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Authorization") != "" {
		p.anonymous.ServeHTTP(w, r)
		return
	}
	p.admin.ServeHTTP(w, r)
}

// wait ends early when the client gives up.
func wait(r *http.Request, d time.Duration) {
	_ = concurrent.Sleep(r.Context(), d) // or until that ends
}

func answer(w http.ResponseWriter, f Fault) {
	w.Header().Set("Content-Type", "application/json")
	if f.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.RetryAfter))
	}
	w.WriteHeader(int(f.Status.Code))
	json.NewEncoder(w).Encode(f.Status)
}

// connection is the key of a request's connection in its context.
type connection struct{}

// breakConnection resets the TCP connection under a request, and with it all other requests on it under HTTP/2.
func breakConnection(r *http.Request) {
	c := r.Context().Value(connection{}).(net.Conn)
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		tcp.SetLinger(0) // a reset instead of an orderly end
	}
	c.Close()
	panic(http.ErrAbortHandler)
}

// nothing takes an answer that nobody gets.
type nothing struct{}

func (nothing) Header() http.Header         { return http.Header{} }
func (nothing) Write(b []byte) (int, error) { return len(b), nil }
func (nothing) WriteHeader(int)             {}

// half passes on the first half of the first write of an answer.
type half struct {
	http.ResponseWriter
	written bool
}

func (h *half) Write(b []byte) (int, error) {
	if h.written {
		return len(b), nil
	}
	h.written = true
	if _, err := h.ResponseWriter.Write(b[:len(b)/2]); err != nil {
		return 0, err
	}
	return len(b), http.NewResponseController(h.ResponseWriter).Flush()
}
