package cluster_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/hostileapi"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/probe"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
)

// connect connects to a server that is plausible so far.
func connect(t *testing.T) (*hostileapi.Server, *cluster.Client) {
	t.Helper()
	server := hostileapi.Start("v1.36.4")
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), configOf(server), cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return server, c
}

func configOf(server *hostileapi.Server) *rest.Config {
	return &rest.Config{Host: server.URL, BearerToken: hostileapi.Token, TLSClientConfig: rest.TLSClientConfig{CAData: server.CA()}}
}

// everyCall makes a request of each kind.
func everyCall(server *hostileapi.Server, c *cluster.Client) map[string]func(context.Context) error {
	pod := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "net", Name: "a"}}
	return map[string]func(context.Context) error{
		"list":   func(ctx context.Context) error { _, err := c.Facts(ctx); return err },
		"get":    func(ctx context.Context) error { _, err := c.Inventory(ctx); return err },
		"delete": func(ctx context.Context) error { return c.RemoveProbe(ctx, "fitout-probe-a", "") },
		"exec":   func(ctx context.Context) error { _, err := c.Run(ctx, pod, "agent", []string{"status"}); return err },
		"forward": func(ctx context.Context) error {
			_, err := c.AskByForward(ctx, "net", "a", probe.Task{Port: 80})
			return err
		},
		"version": func(ctx context.Context) error {
			_, err := cluster.New(ctx, configOf(server), cluster.Options{})
			return err
		},
		"node proxy": func(ctx context.Context) error {
			r, sure, err := c.AskByServer(ctx, "node-1", probe.Task{Port: 10256, Path: "/healthz", Status: 200, Timeout: metav1.Duration{Duration: time.Minute}})
			if err != nil || r.OK || !sure {
				return fmt.Errorf("%+v, sure %v, %w; want a failed check", r, sure, err)
			}
			return errors.New(r.Error)
		},
	}
}

// No kind of connection follows a redirect: not from https to http, and not to the same host.
func TestRedirectsAreRefused(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	server, c := connect(t)
	calls := everyCall(server, c)
	for _, code := range []int{301, 302, 303, 307, 308} {
		server.Plan(func(*http.Request) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Location", elsewhere.URL+"/there?secret=1")
				w.WriteHeader(code)
			}
		})
		for name, call := range calls {
			err := call(t.Context())
			if err == nil || !strings.Contains(err.Error(), elsewhere.URL+"/there") || strings.Contains(err.Error(), "secret=1") {
				t.Errorf("%s, %d: error %v does not name %s", name, code, err, elsewhere.URL)
			}
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests followed a redirect", n)
	}
}

// A redirect to nowhere, to the same host or from https to http is refused as any other. Other headers that name an address are
// not heeded.
func TestUnusualRedirectsAreRefused(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	server, c := connect(t)
	host := strings.TrimPrefix(server.URL, "https://")
	for name, test := range map[string]struct{ location, says string }{
		"no Location":      {"", "to nowhere (no Location)"},
		"another path":     {"/there", "to " + server.URL + "/there"},
		"downgraded":       {"http://" + host + "/there", "to http://" + host + "/there"},
		"another port":     {"https://127.0.0.1:1/there", "to https://127.0.0.1:1/there"},
		"without a scheme": {"//" + strings.TrimPrefix(elsewhere.URL, "http://") + "/there", "to https://" + strings.TrimPrefix(elsewhere.URL, "http://") + "/there"},
		"with credentials": {"https://user:hunter2@127.0.0.1:1/there", "to https://127.0.0.1:1/there"},
		"reordered text":   {"http://[::1\u202e", `to http://[::1\u202e`},
		"not a URL":        {"http://[::1", "to http://[::1"},
	} {
		server.Plan(func(*http.Request) http.HandlerFunc {
			return func(w http.ResponseWriter, _ *http.Request) {
				if test.location != "" {
					w.Header().Set("Location", test.location)
				}
				w.WriteHeader(http.StatusFound)
			}
		})
		for call, ask := range everyCall(server, c) {
			err := ask(t.Context())
			if err == nil || !strings.Contains(err.Error(), test.says) || strings.Contains(err.Error(), "hunter2") || strings.Contains(err.Error(), "\u202e") {
				t.Errorf("%s, %s: error %v does not say %q", name, call, err, test.says)
			}
		}
	}
	server.Plan(func(*http.Request) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Refresh", "0; url="+elsewhere.URL)
			w.Header().Set("Link", "<"+elsewhere.URL+">; rel=next")
			w.Header().Set("Location", elsewhere.URL)
			w.Header().Set("Content-Location", elsewhere.URL)
			w.Header().Set("Alt-Svc", `h2="`+strings.TrimPrefix(elsewhere.URL, "http://")+`"`)
			w.Header().Set("Content-Type", "application/json")
			io.WriteString(w, `{"gitVersion":"v1.36.4"}`) //nolint:errcheck
		}
	})
	for range 2 {
		for _, call := range []string{"version", "list", "get", "node proxy"} {
			everyCall(server, c)[call](t.Context()) //nolint:errcheck // only where it goes counts
		}
	}
	if n := asked.Load(); n > 0 {
		t.Errorf("%d requests went elsewhere", n)
	}
}

// A proxy sees no credentials of a server with a certificate, and its redirect of a tunnel is not followed.
func TestProxyRedirects(t *testing.T) {
	var asked atomic.Int64
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }))
	defer elsewhere.Close()
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect || r.Header.Get("Authorization") != "" {
			t.Errorf("%s with %v", r.Method, r.Header)
		}
		w.Header().Set("Location", elsewhere.URL)
		w.WriteHeader(http.StatusFound)
	}))
	defer proxy.Close()
	server, _ := connect(t)
	to, err := url.Parse(proxy.URL)
	if err != nil {
		t.Fatal(err)
	}
	config := configOf(server)
	config.Proxy = http.ProxyURL(to)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	_, err = cluster.New(ctx, config, cluster.Options{Trouble: func(string, error) { cancel() }})
	if err == nil || asked.Load() > 0 {
		t.Errorf("error %v, %d requests went elsewhere", err, asked.Load())
	}
}

// What is no version of an API server is said at once, with what to do.
func TestNotAnAPIServer(t *testing.T) {
	for name, answer := range map[string]struct {
		kind, body string
		code       int
		says       string
	}{
		"login page":       {"text/html", "<html>Sign in</html>", 200, "the answer is an HTML page (status 200)"},
		"page as JSON":     {"application/json", "<html>Sign in</html>", 200, `"<html>Sign in</html>"`},
		"blocked":          {"text/html", "<html>Blocked</html>", 403, "the answer is an HTML page (status 403)"},
		"not found":        {"text/plain", "404 page not found", 404, `the answer is 404 Not Found: "404 page not found"`},
		"plain HTTP":       {"text/plain", "Client sent an HTTP request to an HTTPS server.", 400, "Client sent an HTTP request to an HTTPS server"},
		"empty":            {"application/json", "", 200, "the answer is empty"},
		"other JSON":       {"application/json", `{"status":"ok"}`, 200, `not the version of an API server: "{"status":"ok"}"`},
		"list":             {"application/json", `[]`, 200, "not the version of an API server"},
		"absurd version":   {"application/json", `{"gitVersion":"latest"}`, 200, `gitVersion "latest"`},
		"escaping version": {"application/json", `{"gitVersion":"v1.36.4\u001b[2J"}`, 200, `gitVersion "v1.36.4\x1b[2J"`},
		"long version":     {"application/json", `{"gitVersion":"v1.36.4` + strings.Repeat("4", 60<<10) + `"}`, 200, `44…"`},
		"huge version":     {"application/json", `{"gitVersion":"v1.36.4` + strings.Repeat("4", 1<<20) + `"}`, 200, "GET /version: the answer has more than 64 KiB"},
	} {
		var asked atomic.Int64
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Content-Type", answer.kind)
			w.WriteHeader(answer.code)
			io.WriteString(w, answer.body) //nolint:errcheck
		}))
		_, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
		server.Close()
		if err == nil || !strings.Contains(err.Error(), answer.says) || len(err.Error()) > 600 || !strings.Contains(err.Error(), "; ") {
			t.Errorf("%s: %v does not say %q", name, err, answer.says)
		}
		if asked.Load() != 1 {
			t.Errorf("%s: asked %d times", name, asked.Load())
		}
	}
}

// A list is fetched page by page, begins again when its token expires, and has an end: one of objects that are decoded as they
// come (nodes), and any other.
func TestListsAreFetchedInPages(t *testing.T) {
	const expired = `{"apiVersion":"v1","kind":"Status","status":"Failure","reason":"Expired","code":410,"message":"too old"}`
	for name, test := range map[string]struct {
		pages []string // one after the other; the last for ever
		found int
		says  string
	}{
		"three pages":      {[]string{page("a", "n1", "n2"), page("b", "n3"), page("", "n4")}, 4, ""},
		"expires":          {[]string{page("a", "n1"), expired, page("b", "n1"), page("", "n2")}, 2, ""},
		"expires for ever": {[]string{page("a", "n1"), expired, page("a", "n1"), expired, page("a", "n1"), expired, page("a", "n1"), expired}, 0, "too old"},
		"same token":       {[]string{page("a", "n1")}, 0, "the list does not end"},
		"null items":       {[]string{`{"apiVersion":"VERSION","kind":"KINDList","items":[null,null]}`}, 0, "an object without a name"},
		"no items":         {[]string{`{"apiVersion":"VERSION","kind":"KINDList","items":null}`}, 0, ""},
		"other kind":       {[]string{`{"apiVersion":"VERSION","kind":"SecretList","items":[{"metadata":{"name":"a"}}]}`}, 0, "the answer is a SecretList instead of a list of"},
		"no list":          {[]string{`{"apiVersion":"VERSION","kind":"KIND","items":[],"metadata":{"name":"a"}}`}, 0, "instead of a list of"},
		"empty":            {[]string{``}, 0, "not a Kubernetes object"},
		"malformed":        {[]string{`{"kind": nonsense`}, 0, "not a Kubernetes object"},
	} {
		for resource, as := range map[string]*strings.Replacer{
			"nodes":        strings.NewReplacer("VERSION", "v1", "KIND", "Node"),
			"servicecidrs": strings.NewReplacer("VERSION", "networking.k8s.io/v1", "KIND", "ServiceCIDR"),
		} {
			server, c := connect(t)
			server.Plan(serving(t, resource, as, test.pages))
			facts, err := c.Facts(t.Context())
			found := len(facts.Nodes) + len(facts.ServiceCIDRs)
			if found != test.found || (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%s, %s: %d objects, error %v; want %d, %q", name, resource, found, err, test.found, test.says)
			}
		}
	}
}

// page is a page of a list, with the token of the next.
func page(next string, names ...string) string {
	var items []string
	for _, name := range names {
		items = append(items, fmt.Sprintf(`{"metadata":{"name":%q},"spec":{"cidrs":["10.0.0.0/8"]}}`, name))
	}
	return fmt.Sprintf(`{"apiVersion":"VERSION","kind":"KINDList","metadata":{"continue":%q},"items":[%s]}`, next, strings.Join(items, ","))
}

// serving answers requests for a list with one page after the other.
func serving(t *testing.T, resource string, as *strings.Replacer, pages []string) hostileapi.Plan {
	var turn atomic.Int64
	return func(r *http.Request) http.HandlerFunc {
		if hostileapi.PathOf(r).Resource != resource {
			return nil
		}
		if r.URL.Query().Get("limit") == "" {
			t.Errorf("%s: asked without a limit", resource)
		}
		body := as.Replace(pages[min(int(turn.Add(1)), len(pages))-1])
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			if strings.Contains(body, `"Expired"`) {
				w.WriteHeader(http.StatusGone)
			}
			io.WriteString(w, body) //nolint:errcheck
		}
	}
}
