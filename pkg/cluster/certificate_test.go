package cluster

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"k8s.io/client-go/rest"
)

// A kubeconfig without a certificate authority means those of the machine: SPDY does not take any certificate then.
func TestSPDYChecksCertificates(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("it is told %q", r.Header.Get("Authorization"))
	}))
	defer server.Close()
	to, err := url.Parse(server.URL + "/api/v1/namespaces/a/pods/b/exec")
	if err != nil {
		t.Fatal(err)
	}
	c := &Client{config: &rest.Config{Host: server.URL, BearerToken: "secret"}}
	transport, _, err := c.overSPDY(to)
	if err != nil {
		t.Fatal(err)
	}
	_, err = transport.RoundTrip(&http.Request{Method: http.MethodPost, URL: to, Header: http.Header{}})
	if err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("error %v", err)
	}
}
