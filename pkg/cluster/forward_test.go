package cluster_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/probe"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"k8s.io/streaming/pkg/httpstream"
	"k8s.io/streaming/pkg/httpstream/spdy"
)

// relay is an API server that forwards to pods, over SPDY: page answers on port 80, nothing listens on others, silent says
// nothing, and none may be forwarded to the rest.
func relay(t *testing.T) *cluster.Client {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pod, found := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/kube-system/pods/")
		pod, _ = strings.CutSuffix(pod, "/portforward")
		switch {
		case r.URL.Path == "/version":
			io.WriteString(w, `{"gitVersion":"v1.18.20"}`) //nolint:errcheck
		case !found || pod != "page" && pod != "silent":
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusForbidden)
			io.WriteString(w, forbidden) //nolint:errcheck
		case r.Method == http.MethodGet:
			http.Error(w, "unable to upgrade", http.StatusBadRequest)
		default:
			relaySPDY(t, w, r, pod == "silent")
		}
	}))
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const forbidden = `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"Forbidden","code":403,"message":"you may not"}`

func relaySPDY(t *testing.T, w http.ResponseWriter, r *http.Request, silent bool) {
	if _, err := httpstream.Handshake(r, w, []string{"portforward.k8s.io"}); err != nil {
		t.Error(err)
		return
	}
	var mu sync.Mutex
	trouble := map[string]httpstream.Stream{} // by request
	conn := spdy.NewResponseUpgrader().UpgradeResponse(w, r, func(s httpstream.Stream, replied <-chan struct{}) error {
		mu.Lock()
		defer mu.Unlock()
		request := s.Headers().Get("requestID")
		if s.Headers().Get("streamType") == "error" {
			trouble[request] = s
		} else if !silent {
			errors := trouble[request]
			go func() { <-replied; relayed(s, errors) }()
		}
		return nil
	})
	<-conn.CloseChan()
}

// relayed answers one connection as a pod does, or says why it cannot be made as a kubelet does.
func relayed(data, trouble httpstream.Stream) {
	if port := data.Headers().Get("port"); port != "80" {
		fmt.Fprintf(trouble, "dial tcp4 127.0.0.1:%s: connect: connection refused", port)
	} else if request, err := http.ReadRequest(bufio.NewReader(data)); err == nil {
		fmt.Fprintf(data, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(request.URL.Path), request.URL.Path)
	}
	data.Close()
	trouble.Close()
}

// A task is carried out through a port-forward. What the kubelet says of a port where nobody listens is told, a pod that says
// nothing costs the time of the task, and who may not forward learns nothing.
func TestAskByForward(t *testing.T) {
	c := relay(t)
	ask := func(pod string, port int) (probe.Result, error) {
		timeout := time.Minute // nothing takes that long
		if pod == "silent" {
			timeout = 100 * time.Millisecond
		}
		return c.AskByForward(t.Context(), "kube-system", pod, probe.Task{
			ID: "x", Kind: probe.HTTP, Address: "ignored.invalid", Port: port, Path: "/where", Status: 200, Timeout: metav1.Duration{Duration: timeout},
		})
	}
	if r, err := ask("page", 80); err != nil || !r.OK || r.Answer != "200 OK: /where" || r.ID != "x" {
		t.Errorf("page: %+v, %v", r, err)
	}
	if r, err := ask("page", 53); err != nil || r.OK || r.Error != "dial tcp4 127.0.0.1:53: connect: connection refused" {
		t.Errorf("no listener: %+v, %v", r, err)
	}
	if r, err := ask("silent", 80); err != nil || r.OK || !strings.Contains(r.Error, "no answer within") {
		t.Errorf("silent: %+v, %v", r, err)
	}
	if r, err := ask("other", 80); r.OK || err == nil || err.Error() != "forward to pod other: unable to upgrade connection: you may not" {
		t.Errorf("forbidden: %+v, %v", r, err)
	}
}

// What a node answers is told from what the API server says of it.
func TestAskByServer(t *testing.T) {
	unreachable := `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"ServiceUnavailable","code":503,"message":"error trying to reach service: dial tcp 192.0.2.1:10256: %s"}`
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		node, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/api/v1/nodes/"), ":10256/proxy/healthz")
		answer := func(status int, text string) {
			w.WriteHeader(status)
			io.WriteString(w, text) //nolint:errcheck
		}
		switch node {
		case "/version":
			answer(200, `{"gitVersion":"v1.36.4"}`)
		case "well":
			answer(200, `{"lastUpdated": "now"}`)
		case "behind":
			answer(503, `{"lastUpdated": "long ago"}`)
		case "off":
			answer(503, fmt.Sprintf(unreachable, "connect: connection refused"))
		case "cut":
			answer(503, fmt.Sprintf(unreachable, "i/o timeout"))
		case "hangs":
			<-r.Context().Done()
		default:
			answer(403, forbidden)
		}
	}))
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for node, want := range map[string]struct {
		ok, sure  bool
		text, err string
	}{
		"well":   {true, true, "", ""},
		"behind": {false, true, `answers 503 Service Unavailable, not 200: {"lastUpdated": "long ago"}`, ""},
		"off":    {false, true, "error trying to reach service: dial tcp 192.0.2.1:10256: connect: connection refused", ""},
		"cut":    {false, false, "error trying to reach service: dial tcp 192.0.2.1:10256: i/o timeout", ""},
		"hangs":  {false, false, "no answer within 100ms", ""},
		"other":  {false, false, "", "you may not; give the user"},
	} {
		timeout := time.Minute // nothing takes that long
		if node == "hangs" {
			timeout = 100 * time.Millisecond
		}
		r, sure, err := c.AskByServer(t.Context(), node, probe.Task{
			ID: "x", Kind: probe.HTTP, Port: 10256, Path: "/healthz", Status: 200, Timeout: metav1.Duration{Duration: timeout},
		})
		if r.OK != want.ok || sure != want.sure || r.Error != want.text || (err != nil) != (want.err != "") || err != nil && !strings.HasPrefix(err.Error(), want.err) {
			t.Errorf("%s: %+v, sure %v, error %v", node, r, sure, err)
		}
	}
}
