package cluster_test

import (
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fitout-dev/fitout/internal/hostileapi"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

type way func(*http.Request) (*url.URL, error)

// ways are the ways to a server: none, and proxies of each kind.
func ways(t *testing.T) map[string]way {
	t.Helper()
	plain := httptest.NewServer(http.HandlerFunc(letThrough))
	t.Cleanup(plain.Close)
	all := map[string]way{"direct": func(*http.Request) (*url.URL, error) { return nil, nil }}
	for name, address := range map[string]string{"HTTP proxy": plain.URL, "SOCKS proxy": "socks5://" + socks(t)} {
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		all[name] = http.ProxyURL(at)
	}
	return all
}

// letThrough is an HTTP proxy.
func letThrough(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		(&httputil.ReverseProxy{Rewrite: func(*httputil.ProxyRequest) {}}).ServeHTTP(w, r)
		return
	}
	to, err := net.Dial("tcp", r.Host)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	from, _, err := w.(http.Hijacker).Hijack()
	if err != nil {
		to.Close()
		return
	}
	io.WriteString(from, "HTTP/1.1 200 OK\r\n\r\n") //nolint:errcheck // the client may be gone
	join(from, to)
}

// join carries what two connections bring, until either ends.
func join(a, b net.Conn) {
	go func() {
		io.Copy(a, b) //nolint:errcheck // any end is an end
		a.Close()
		b.Close()
	}()
	io.Copy(b, a) //nolint:errcheck // any end is an end
	a.Close()
	b.Close()
}

// socks starts a SOCKS5 proxy without authentication (RFC 1928), for addresses of IPv4.
func socks(t *testing.T) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			go func() {
				var head [2]byte
				var rest [255]byte
				io.ReadFull(from, head[:])                              //nolint:errcheck // it fails below
				io.ReadFull(from, rest[:head[1]])                       //nolint:errcheck
				from.Write([]byte{5, 0})                                //nolint:errcheck
				if _, err := io.ReadFull(from, rest[:10]); err != nil { // version, command, 0, kind of address, address, port
					from.Close()
					return
				}
				to, err := net.DialTCP("tcp", nil, &net.TCPAddr{IP: net.IP(rest[4:8]), Port: int(binary.BigEndian.Uint16(rest[8:10]))})
				if err != nil {
					from.Close()
					return
				}
				from.Write([]byte{5, 0, 0, 1, 0, 0, 0, 0, 0, 0}) //nolint:errcheck
				join(from, to)
			}()
		}
	}()
	return listener.Addr().String()
}

// A proxy that lets nothing through, and one that never stops saying so, are errors that name it; the token stays here.
func TestProxyRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		answer func(w net.Conn)
		want   string
	}{
		"refuses":   {func(w net.Conn) { io.WriteString(w, "HTTP/1.1 407 Sign in\x1b[2J\r\n\r\n") }, `answers 407 Sign in\x1b[2J instead of letting the connection through`}, //nolint:errcheck
		"redirects": {func(w net.Conn) { io.WriteString(w, "HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\n\r\n") }, "answers 302 Found instead of"},                   //nolint:errcheck
		"garbage":   {func(w net.Conn) { io.WriteString(w, "SSH-2.0\r\n\r\n") }, "malformed HTTP"},                                                                           //nolint:errcheck
		"endless": {func(w net.Conn) {
			io.WriteString(w, "HTTP/1.1 200 OK\r\n") //nolint:errcheck
			pour(w, "X-A: "+strings.Repeat("a", 57)+"\r\n", new(atomic.Int64))
		}, "it has brought more than 32 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := hostileapi.Start("v1.36.4")
			t.Cleanup(server.Close)
			var hostile, leaked atomic.Bool
			through := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") != "" || r.Method != http.MethodConnect {
					leaked.Store(true)
				}
				if !hostile.Load() {
					letThrough(w, r)
					return
				}
				conn, _, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				test.answer(conn)
			}))
			t.Cleanup(through.Close)
			at, err := url.Parse(strings.Replace(through.URL, "http://", "http://me:secret-word@", 1))
			if err != nil {
				t.Fatal(err)
			}
			c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL, Proxy: http.ProxyURL(at), BearerToken: hostileapi.Token,
				TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()}}, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			hostile.Store(true)
			pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "net", Name: "agent"}}
			_, ran := c.Run(t.Context(), pod, "agent", []string{"status"})
			_, forwarded := c.AskByForward(t.Context(), "net", "agent", probe.Task{Port: 80})
			for _, err := range []error{ran, forwarded} {
				if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "secret-word") {
					t.Errorf("error %v, want %s", err, test.want)
				}
			}
			if leaked.Load() {
				t.Error("the proxy was told more than where to")
			}
		})
	}
}
