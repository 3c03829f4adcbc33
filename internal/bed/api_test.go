//go:build linux

package bed_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/internal/bed"
)

// An api speaks with the API server of a bed by what its folder holds.
type api struct {
	server string
	http   http.Client
}

func connect(t *testing.T, b *bed.Bed) *api {
	t.Helper()
	record, err := bed.Open(b.Dir())
	if err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(b.Kubeconfig()); err != nil || !strings.Contains(string(text), record.Server) {
		t.Errorf("the kubeconfig does not name %s: %v\n%s", record.Server, err, text)
	}
	pki := filepath.Join(b.Dir(), "pki")
	certificate, err := tls.LoadX509KeyPair(filepath.Join(pki, "admin.crt"), filepath.Join(pki, "admin.key"))
	if err != nil {
		t.Fatal(err)
	}
	ca, err := os.ReadFile(filepath.Join(pki, "ca.crt"))
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(ca)
	transport := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, Certificates: []tls.Certificate{certificate}}}
	t.Cleanup(transport.CloseIdleConnections)
	return &api{server: record.Server, http: http.Client{Transport: transport}}
}

func (a *api) do(ctx context.Context, method, path, body string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.server+path, strings.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := a.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode/100 != 2 {
		err = fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	return text, err
}

func (a *api) get(t *testing.T, path string, into any) {
	t.Helper()
	text, err := a.do(t.Context(), http.MethodGet, path, "")
	if err == nil {
		err = json.Unmarshal(text, into)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (a *api) post(t *testing.T, path, body string) {
	t.Helper()
	if _, err := a.do(t.Context(), http.MethodPost, path, body); err != nil {
		t.Fatal(err)
	}
}

// await waits until a number in an object's status is as wanted.
func (a *api) await(t *testing.T, path, field string, want int) {
	t.Helper()
	await(t, fmt.Sprintf("%s %d of %s", field, want, path), func() error {
		text, err := a.do(t.Context(), http.MethodGet, path, "")
		if err != nil {
			return err
		}
		var object struct{ Status map[string]any }
		if err := json.Unmarshal(text, &object); err != nil {
			return err
		}
		if got := object.Status[field]; got != float64(want) {
			return fmt.Errorf("status %v", object.Status)
		}
		return nil
	})
}

func await(t *testing.T, what string, try func() error) {
	t.Helper()
	ctx := within(t, time.Minute)
	for {
		err := try()
		if err == nil {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited a minute for %s: %v", what, err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func within(t *testing.T, d time.Duration) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}
