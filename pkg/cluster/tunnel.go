package cluster

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"time"

	"golang.org/x/net/proxy"
)

// tunnelTime is how long a proxy may take to let a connection through.
const tunnelTime = 30 * time.Second

// A tunnel dials through a proxy, as net/http does for all other requests: client-go's own ways to an upgrade give nobody the
// connection to count what it brings.
type tunnel struct {
	proxy   *url.URL
	secured *tls.Config // of connections to an https proxy; nil for the defaults
	forward metered
}

func (t tunnel) DialContext(ctx context.Context, network, address string) (net.Conn, error) {
	ctx, cancel := context.WithTimeout(ctx, tunnelTime)
	defer cancel()
	if t.proxy.Scheme == "http" || t.proxy.Scheme == "https" {
		return t.connect(ctx, network, address)
	}
	dialer, err := proxy.FromURL(t.proxy, t.forward)
	if err != nil {
		return nil, fmt.Errorf("proxy %s: %w; correct HTTPS_PROXY, or proxy-url in the kubeconfig", t.proxy.Redacted(), err)
	}
	return dialer.(proxy.ContextDialer).DialContext(ctx, network, address) // as SOCKS5, the only one that is known, is
}

// connect asks an HTTP proxy to let a connection through.
func (t tunnel) connect(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := t.forward.DialContext(ctx, network, t.address())
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) }) //nolint:errcheck // what is under way fails
	let, err := t.through(ctx, conn, address)
	if err == nil && !stop() {
		err = ctx.Err()
	}
	if err != nil {
		conn.Close()
		return nil, fmt.Errorf("proxy %s: %w; see HTTPS_PROXY, and proxy-url in the kubeconfig", t.proxy.Redacted(), err)
	}
	return let, nil
}

// address is where the proxy listens.
func (t tunnel) address() string {
	port := t.proxy.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[t.proxy.Scheme]
	}
	return net.JoinHostPort(t.proxy.Hostname(), port)
}

// through makes of a connection to the proxy one to an address.
func (t tunnel) through(ctx context.Context, conn net.Conn, address string) (net.Conn, error) {
	if t.proxy.Scheme == "https" {
		secured := t.secured.Clone()
		if secured == nil {
			secured = &tls.Config{}
		}
		secured.ServerName, secured.NextProtos = t.proxy.Hostname(), nil
		over := tls.Client(conn, secured)
		if err := over.HandshakeContext(ctx); err != nil {
			return nil, err
		}
		conn = over
	}
	request := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: address}, Host: address, Header: http.Header{}}
	if user := t.proxy.User; user != nil {
		password, _ := user.Password()
		request.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(user.Username()+":"+password)))
	}
	if err := request.Write(conn); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(bufio.NewReader(conn), request) // behind the header nothing comes before it is asked for
	if err != nil {
		return nil, err
	}
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answers %s instead of letting the connection through", brief(answer.Status, 200))
	}
	return conn, nil
}
