package cluster_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// pour writes without end, until the connection breaks, and counts.
func pour(w io.Writer, text string, poured *atomic.Int64) {
	text = strings.Repeat(text, 64<<10/len(text))
	for {
		n, err := io.WriteString(w, text)
		if poured.Add(int64(n)); err != nil {
			return
		}
	}
}

// Whatever a server sends before and after an upgrade, the connection breaks after some 32 MiB.
func TestUpgradesAreBounded(t *testing.T) {
	handshake := func(poured *atomic.Int64) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, _, err := w.(http.Hijacker).Hijack()
			if err != nil {
				t.Error(err)
				return
			}
			defer conn.Close()
			io.WriteString(conn, "HTTP/1.1 101 Switching Protocols\r\n") //nolint:errcheck // the client may be gone
			pour(conn, "X-A: "+strings.Repeat("a", 57)+"\r\n", poured)
		}
	}
	onlySPDY := func(serve func(*atomic.Int64) http.HandlerFunc) func(*atomic.Int64) http.HandlerFunc {
		return func(poured *atomic.Int64) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodGet {
					http.Error(w, "no WebSocket", http.StatusBadRequest)
					return
				}
				serve(poured)(w, r)
			}
		}
	}
	errorStream := func(poured *atomic.Int64) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			if _, err := httpstream.Handshake(r, w, []string{"v4.channel.k8s.io"}); err != nil {
				t.Error(err)
				return
			}
			streams := make(chan httpstream.Stream, 3)
			conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, _ <-chan struct{}) error {
				streams <- s
				return nil
			})
			defer conn.Close()
			for range 3 {
				if s := <-streams; s.Headers().Get("streamType") == "error" {
					defer pour(s, "error ", poured) // once all streams are there
				}
			}
		}
	}
	for name, serve := range map[string]func(*atomic.Int64) http.HandlerFunc{
		"header of a WebSocket": handshake, "header of SPDY": onlySPDY(handshake), "stream of errors": onlySPDY(errorStream),
	} {
		for call, ask := range map[string]func(context.Context, *cluster.Client) error{
			"exec": func(ctx context.Context, c *cluster.Client) error {
				pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "net", Name: "agent"}}
				_, err := c.Run(ctx, pod, "agent", []string{"status"})
				return err
			},
			"forward": func(ctx context.Context, c *cluster.Client) error {
				_, err := c.AskByForward(ctx, "net", "agent", probe.Task{Port: 80})
				return err
			},
		} {
			if name == "stream of errors" && call == "forward" {
				continue // another stream: its text is cut
			}
			t.Run(name+"/"+call, func(t *testing.T) {
				t.Parallel()
				var poured atomic.Int64
				hostile := serve(&poured)
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.URL.Path == "/version" {
						io.WriteString(w, `{"gitVersion":"v1.36.4"}`) //nolint:errcheck
						return
					}
					hostile(w, r)
				}))
				t.Cleanup(server.Close)
				for way, through := range ways(t) {
					poured.Store(0)
					c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL, Proxy: through}, cluster.Options{})
					if err != nil {
						t.Fatal(way, err)
					}
					begun := time.Now()
					err = ask(t.Context(), c)
					if err == nil || name != "stream of errors" && !strings.Contains(err.Error(), "it has brought more than 32 MiB") {
						t.Errorf("%s: error %v", way, err)
					}
					if n := poured.Load(); n == 0 || n > 96<<20+int64(time.Since(begun).Seconds()*(1<<20)) { // with what was under way
						t.Errorf("%s: broke after %d bytes", way, n)
					}
				}
			})
		}
	}
}
