package cluster

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/net/proxy"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/transport/spdy"
	streamspdy "k8s.io/streaming/pkg/httpstream/spdy"
)

// What opens a WebSocket or a SPDY connection reads the header of the answer, and the stream of a command's error, to the end,
// however long they are. So the connection itself is bounded: it breaks once it has brought too much.
const (
	// upgradedBytes is what an upgraded connection may bring: both outputs of a command of an agent, and what is around them.
	upgradedBytes = 32 << 20
	// upgradedRate is what it may bring besides, for each second that it lasts: a watch tells of its losses every second.
	upgradedRate = 1 << 20
	// pingPeriod is that of client-go's own SPDY connections.
	pingPeriod = 5 * time.Second
)

// A meteredConn is a connection that breaks once it has brought more than it may. From then on every read says so.
type meteredConn struct {
	net.Conn
	began  time.Time
	mu     sync.Mutex // of what follows
	read   int64
	broken error
}

func (c *meteredConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if broken := c.count(n); broken != nil {
		c.Conn.Close()
		return 0, broken
	}
	return n, err
}

// count adds what was read, and returns why the connection is broken, if it is.
func (c *meteredConn) count(n int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.read += int64(n)
	if c.broken == nil && c.read > upgradedBytes+int64(time.Since(c.began).Seconds()*upgradedRate) {
		c.broken = refuse("connection to "+c.RemoteAddr().String(), "it has brought more than "+size(upgradedBytes))
	}
	return c.broken
}

// metered dials connections that are metered.
type metered struct{ forward proxy.ContextDialer }

func (m metered) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := m.forward.DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	return &meteredConn{Conn: conn, began: time.Now()}, nil
}

func (m metered) Dial(network, address string) (net.Conn, error) {
	return m.DialContext(context.Background(), network, address)
}

// ownDialer is the scheme of a proxy that is none: client-go gives the library of WebSockets no other dialer than that of a proxy.
const ownDialer = "fitout-own-dialer"

// dialerKey is of the dialer of a request, in its context.
type dialerKey struct{}

// chosen dials by the dialer of the context.
type chosen struct{}

func (chosen) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	dialer, ok := ctx.Value(dialerKey{}).(proxy.ContextDialer)
	if !ok {
		return nil, fmt.Errorf("the connection to %s has no dialer", address)
	}
	return dialer.DialContext(ctx, network, address)
}

func (c chosen) Dial(network, address string) (net.Conn, error) {
	return c.DialContext(context.Background(), network, address)
}

var registerDialer = sync.OnceFunc(func() {
	proxy.RegisterDialerType(ownDialer, func(*url.URL, proxy.Dialer) (proxy.Dialer, error) { return chosen{}, nil })
})

// dialing gives requests a dialer.
type dialing struct {
	next   http.RoundTripper
	dialer proxy.ContextDialer
}

func (d dialing) RoundTrip(r *http.Request) (*http.Response, error) {
	return d.next.RoundTrip(r.WithContext(context.WithValue(r.Context(), dialerKey{}, d.dialer)))
}

// upgradeDialer dials for an upgrade to a URL: metered, and through a proxy where other requests go through it.
func (c *Client) upgradeDialer(to *url.URL) (proxy.ContextDialer, *tls.Config, error) {
	secured, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, nil, err
	}
	through := http.ProxyFromEnvironment
	if c.config.Proxy != nil {
		through = c.config.Proxy
	}
	direct := metered{&net.Dialer{}}
	found, err := through(&http.Request{URL: to})
	if err != nil || found == nil {
		return direct, secured, err
	}
	return tunnel{proxy: found, secured: secured, forward: direct}, secured, nil
}

// overWebSocket is a configuration whose WebSockets to a URL are metered.
func (c *Client) overWebSocket(to *url.URL) (*rest.Config, error) {
	registerDialer()
	dialer, _, err := c.upgradeDialer(to)
	if err != nil {
		return nil, err
	}
	config := rest.CopyConfig(c.config)
	config.Proxy = func(*http.Request) (*url.URL, error) { return &url.URL{Scheme: ownDialer}, nil }
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return dialing{next, dialer} })
	return config, nil
}

// overSPDY returns what opens SPDY connections to a URL, which are metered.
func (c *Client) overSPDY(to *url.URL) (http.RoundTripper, spdy.Upgrader, error) {
	dialer, secured, err := c.upgradeDialer(to)
	if err != nil {
		return nil, nil, err
	}
	if secured == nil {
		secured = &tls.Config{} // without one, SPDY would take every certificate
	}
	upgrader, err := streamspdy.NewRoundTripperWithConfig(streamspdy.RoundTripperConfig{
		UpgradeTransport: &http.Transport{TLSClientConfig: secured, DialContext: dialer.DialContext}, PingPeriod: pingPeriod,
	})
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := rest.HTTPWrappersForConfig(c.config, upgrader)
	return wrapped, spdy.NewUpgraderForStreaming(upgrader), err
}
