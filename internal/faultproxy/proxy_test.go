package faultproxy_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/faultproxy"
	"k8s.io/client-go/rest"
)

// behind is a proxy before a server that answers every request with its credentials, and counts what arrives.
type behind struct {
	proxy   *faultproxy.Proxy
	client  *http.Client
	url     string
	arrived atomic.Int32
}

func start(t *testing.T, o faultproxy.Options) *behind {
	b := &behind{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.arrived.Add(1)
		fmt.Fprintf(w, "%s %s", r.URL.Path, r.Header.Get("Authorization"))
	}))
	t.Cleanup(server.Close)
	var err error
	if b.proxy, err = faultproxy.Start(&rest.Config{Host: server.URL, BearerToken: "admin"}, o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.proxy.Close)
	transport, err := rest.TransportFor(b.proxy.Config())
	if err != nil {
		t.Fatal(err)
	}
	b.client, b.url = &http.Client{Transport: transport, Timeout: 5 * time.Second}, b.proxy.Config().Host
	return b
}

// ask returns what one request comes to: its code and text, or "broken".
func (b *behind) ask(method, path, token string) string {
	request, err := http.NewRequest(method, b.url+path, strings.NewReader("{}"))
	if err != nil {
		return err.Error()
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := b.client.Do(request)
	if err != nil {
		return "broken"
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return fmt.Sprint(response.StatusCode, " broken off")
	}
	return fmt.Sprint(response.StatusCode, " ", string(text))
}

func TestEffects(t *testing.T) {
	for name, test := range map[string]struct {
		fault   faultproxy.Fault
		want    string
		arrives int32
	}{
		"none":       {faultproxy.Fault{}, "200 /a Bearer admin", 1},
		"reset":      {faultproxy.Fault{Effect: faultproxy.Reset}, "broken", 0},
		"lose reply": {faultproxy.Fault{Effect: faultproxy.LoseReply}, "broken", 1},
		"truncate":   {faultproxy.Fault{Effect: faultproxy.Truncate}, "200 broken off", 1},
		"hang":       {faultproxy.Fault{Effect: faultproxy.Hang, Pause: 50 * time.Millisecond}, "broken", 0},
		"delay":      {faultproxy.Fault{Effect: faultproxy.Delay, Pause: 50 * time.Millisecond}, "200 /a Bearer admin", 1},
		"expired":    {faultproxy.Expired(), `401 {"kind":"Status"`, 0},
		"busy":       {faultproxy.Overloaded(429, 1), `429 {"kind":"Status"`, 0},
		"webhook":    {faultproxy.WebhookDown("w.example.org"), `500 {"kind":"Status"`, 0},
	} {
		for _, plain := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s, plain %v", name, plain), func(t *testing.T) {
				b := start(t, faultproxy.Options{PlainHTTP: plain})
				b.proxy.Plan(test.fault)
				begin := time.Now()
				if got := b.ask("POST", "/a", ""); !strings.HasPrefix(got, test.want) {
					t.Errorf("got %q, want %q", got, test.want)
				}
				if took := time.Since(begin); took < test.fault.Pause {
					t.Errorf("took %v, less than %v", took, test.fault.Pause)
				}
				if got := b.arrived.Load(); got != test.arrives {
					t.Errorf("%d requests arrived, want %d", got, test.arrives)
				}
			})
		}
	}
}

func TestRetryAfter(t *testing.T) {
	b := start(t, faultproxy.Options{PlainHTTP: true})
	b.proxy.Plan(faultproxy.Overloaded(503, 7))
	response, err := b.client.Get(b.url)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if got := response.Header.Get("Retry-After"); got != "7" {
		t.Errorf("Retry-After is %q, want 7", got)
	}
}

// Each row asks nine times, in turn POST /a, GET /b, POST /b; an x is a fault.
func TestWhichRequests(t *testing.T) {
	for want, fault := range map[string]faultproxy.Fault{
		"xxxxxxxxx": {},
		"x.xx.xx.x": {Methods: []string{"POST"}},
		".xx.xx.xx": {Path: "^/b"},
		"......xxx": {First: 7},
		".x.x.x.x.": {Every: 2},
		"..xx.....": {First: 3, Last: 4},
		"...x..x..": {Methods: []string{"POST"}, First: 2, Last: 5, Every: 2},
	} {
		t.Run(want, func(t *testing.T) {
			b := start(t, faultproxy.Options{PlainHTTP: true})
			fault.Effect, fault.Status = faultproxy.Answer, faultproxy.Overloaded(500, 0).Status
			b.proxy.Plan(fault)
			got := ""
			for i := range 9 {
				mark := "."
				if strings.HasPrefix(b.ask([]string{"POST", "GET", "POST"}[i%3], []string{"/a", "/b", "/b"}[i%3], ""), "500") {
					mark = "x"
				}
				got += mark
			}
			if got != want {
				t.Errorf("got %s", got)
			}
			if n := b.proxy.Requests(); n["POST"] != 6 || n["GET"] != 3 || b.proxy.Total() != 9 {
				t.Errorf("counted %v", n)
			}
			if hits := b.proxy.Hits(); hits != strings.Count(want, "x") {
				t.Errorf("counted %d hits", hits)
			}
		})
	}
}

func TestCredentials(t *testing.T) {
	b := start(t, faultproxy.Options{})
	if got := b.ask("GET", "/a", "mine"); got != "200 /a Bearer mine" {
		t.Errorf("got %q: a client's own token goes before the proxy's", got)
	}
}

func TestExpiredToken(t *testing.T) {
	b := start(t, faultproxy.Options{})
	b.ask("GET", "/a", "old")
	expired := faultproxy.Expired()
	expired.Token = "old"
	b.proxy.Add(expired)
	if got := b.ask("GET", "/a", "old"); !strings.HasPrefix(got, "401") {
		t.Errorf("old token: %s", got)
	}
	if got := b.ask("GET", "/a", "new"); !strings.HasPrefix(got, "200") {
		t.Errorf("new token: %s", got)
	}
	if b.proxy.Total() != 3 || b.proxy.Hits() != 1 {
		t.Errorf("counted %d requests and %d hits", b.proxy.Total(), b.proxy.Hits())
	}
}

func TestAddedRoundTrip(t *testing.T) {
	b := start(t, faultproxy.Options{AddedRoundTrip: 60 * time.Millisecond})
	begin := time.Now()
	b.ask("GET", "/a", "")
	if took := time.Since(begin); took < 60*time.Millisecond {
		t.Errorf("took %v", took)
	}
}

func TestServerAway(t *testing.T) {
	proxy, err := faultproxy.Start(&rest.Config{Host: "http://127.0.0.1:1"}, faultproxy.Options{PlainHTTP: true})
	if err != nil {
		t.Fatal(err)
	}
	defer proxy.Close()
	if _, err := http.Get(proxy.Config().Host); err == nil {
		t.Error("a server that is away must look like one")
	}
}
