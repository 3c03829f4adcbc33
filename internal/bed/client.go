package bed

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// A client speaks plain JSON with the components of a bed, as their admin.
type client struct {
	server string
	http   *http.Client
}

func newClient(server string, ca []byte, user keyPair) (*client, error) {
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(ca) {
		return nil, errors.New("certificate authority of the bed: no certificate in it")
	}
	certificate, err := tls.X509KeyPair(user.cert, user.key)
	if err != nil {
		return nil, fmt.Errorf("admin certificate of the bed: %w", err)
	}
	transport := &http.Transport{ // no proxy: everything is on the loopback
		TLSClientConfig:   &tls.Config{RootCAs: pool, Certificates: []tls.Certificate{certificate}},
		ForceAttemptHTTP2: true,
	}
	return &client{server: server, http: &http.Client{Transport: transport, Timeout: 30 * time.Second}}, nil
}

// do sends body (nil for none) as JSON to a path of the API server and decodes
// the answer into result, unless that is nil.
func (c *client) do(ctx context.Context, method, path string, body, result any) error {
	var reader io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return err
		}
		reader = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.server+path, reader)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Accept", "application/json")
	text, err := c.send(request)
	if err != nil || result == nil {
		return err
	}
	if err := json.Unmarshal(text, result); err != nil {
		return fmt.Errorf("%s %s: answer is no JSON: %w", method, path, err)
	}
	return nil
}

// healthy asks an address, of whichever component, and accepts only a 200.
func (c *client) healthy(ctx context.Context, url string) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	_, err = c.send(request)
	return err
}

func (c *client) send(request *http.Request) ([]byte, error) {
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode/100 != 2 {
		return nil, fmt.Errorf("%s %s: %s: %s", request.Method, request.URL.Path, response.Status, strings.TrimSpace(string(text)))
	}
	return text, nil
}

// close gives up idle connections.
func (c *client) close() { c.http.CloseIdleConnections() }
