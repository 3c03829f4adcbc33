//go:build linux

package clusterbed_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"
)

// routedHost is the host name that an Ingress leads to the Service of the probes.
const routedHost = "probe.bed.test"

// hostPorts asks ports 80 and 443 of each node for a host name that an Ingress
// routes, and for one that none does.
func (f *fixture) hostPorts(t *testing.T) {
	f.create(t, "/apis/networking.k8s.io/v1/namespaces/default/ingresses", probeIngress())
	for i := range f.nodes() {
		for _, scheme := range []string{"http", "https"} {
			url := fmt.Sprintf("%s://198.18.0.%d/", scheme, 11+i)
			f.answers(t, url, routedHost, http.StatusOK, "probe on ")
			f.answers(t, url, "unknown.bed.test", http.StatusNotFound, "404 page not found")
		}
	}
}

func probeIngress() map[string]any {
	type object = map[string]any
	return object{
		"metadata": object{"name": "probe"},
		"spec": object{"ingressClassName": "traefik", "rules": []object{{
			"host": routedHost,
			"http": object{"paths": []object{{
				"path": "/", "pathType": "Prefix",
				"backend": object{"service": object{"name": "probe", "port": object{"number": 8080}}},
			}}},
		}}},
	}
}

// answers asks a URL for a host name until the answer is as wanted: an ingress
// controller follows the Ingress and the pods behind it.
func (f *fixture) answers(t *testing.T, url, host string, status int, text string) {
	t.Helper()
	eventually(t, time.Minute, func(ctx context.Context) string {
		got, body, err := f.ask(ctx, url, host)
		if err == nil && got != status {
			err = fmt.Errorf("status %d, expected %d", got, status)
		}
		if reason := unless(body, err, text); reason != "" {
			return fmt.Sprintf("%s for %s: %s", url, host, reason)
		}
		return ""
	})
}

// ask sends a request for a host name to a port of a node.
func (f *fixture) ask(ctx context.Context, url, host string) (int, string, error) {
	client, err := f.bed.HTTP()
	if err != nil {
		return 0, "", err
	}
	client.Transport.(*http.Transport).TLSClientConfig.InsecureSkipVerify = true // signed by itself
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, "", err
	}
	request.Host = host
	answer, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	return answer.StatusCode, string(body), err
}
