package cluster

import (
	"context"
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

// noProxy is the scheme of a proxy that is none: client-go gives the library of WebSockets no other dialer than that of a proxy.
const noProxy = "fitout-direct"

var registerNoProxy = sync.OnceFunc(func() {
	proxy.RegisterDialerType(noProxy, func(_ *url.URL, forward proxy.Dialer) (proxy.Dialer, error) {
		dialer, ok := forward.(proxy.ContextDialer)
		if !ok {
			return nil, fmt.Errorf("%T dials without a context", forward)
		}
		return metered{dialer}, nil
	})
})

// upgradable is a configuration whose WebSockets are metered, unless they go through a proxy.
func upgradable(config *rest.Config) *rest.Config {
	registerNoProxy()
	config = rest.CopyConfig(config)
	through := proxyOf(config)
	config.Proxy = func(r *http.Request) (*url.URL, error) {
		if found, err := through(r); found != nil || err != nil {
			return found, err
		}
		return &url.URL{Scheme: noProxy}, nil
	}
	return config
}

func proxyOf(config *rest.Config) func(*http.Request) (*url.URL, error) {
	if config.Proxy != nil {
		return config.Proxy
	}
	return http.ProxyFromEnvironment
}

// overSPDY returns what opens SPDY connections to a URL, which are metered unless they go through a proxy.
func (c *Client) overSPDY(to *url.URL) (http.RoundTripper, spdy.Upgrader, error) {
	if found, err := proxyOf(c.config)(&http.Request{URL: to}); found != nil || err != nil {
		return spdy.RoundTripperFor(c.config)
	}
	secured, err := rest.TLSConfigFor(c.config)
	if err != nil {
		return nil, nil, err
	}
	upgrader, err := streamspdy.NewRoundTripperWithConfig(streamspdy.RoundTripperConfig{
		UpgradeTransport: &http.Transport{TLSClientConfig: secured, DialContext: metered{&net.Dialer{}}.DialContext}, PingPeriod: pingPeriod,
	})
	if err != nil {
		return nil, nil, err
	}
	wrapped, err := rest.HTTPWrappersForConfig(c.config, upgrader)
	return wrapped, spdy.NewUpgraderForStreaming(upgrader), err
}
