//go:build linux

package clusterbed

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"
)

// established is how the proxy says that what follows is the other side's.
const established = "HTTP/1.1 200 Connection established\r\n\r\n"

// Dial connects to an address of the bed's network, through the proxy.
func (b *Bed) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	proxy, err := url.Parse(b.Proxy)
	if err != nil {
		return nil, err
	}
	connection, err := (&net.Dialer{}).DialContext(ctx, network, proxy.Host)
	if err != nil {
		return nil, fmt.Errorf("proxy of the bed: %w: see whether the bed runs", err)
	}
	if err := throughProxy(connection, address); err != nil {
		connection.Close()
		return nil, fmt.Errorf("connect to %s in the bed's network: %w: see what listens there", address, err)
	}
	return connection, nil
}

// throughProxy asks the proxy for an address, and reads no more than its
// answer.
func throughProxy(connection net.Conn, address string) error {
	if err := connection.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(connection, "CONNECT %s HTTP/1.1\r\nHost: %[1]s\r\nConnection: close\r\n\r\n", address); err != nil {
		return err
	}
	answer := make([]byte, len(established))
	if _, err := io.ReadFull(connection, answer); err != nil {
		return err
	}
	if string(answer) != established {
		rest, err := io.ReadAll(connection)
		return errors.Join(errors.New(lastLines(append(answer, rest...), 1)), err)
	}
	return connection.SetDeadline(time.Time{})
}

// HTTP returns a client that reaches every address of the bed's network:
// nodes, host ports, and the API server, as its admin.
func (b *Bed) HTTP() (*http.Client, error) {
	tls, err := adminTLS(b.Dir)
	if err != nil {
		return nil, err
	}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: b.Dial, TLSClientConfig: tls, ForceAttemptHTTP2: true, DisableKeepAlives: true,
	}}, nil
}

// Server is the URL of the API server in the bed's network.
func (b *Bed) Server() string { return (&plan{}).server() }

// Get decodes what the API server answers on a path into result, unless that
// is nil.
func (b *Bed) Get(ctx context.Context, path string, result any) error {
	return b.Do(ctx, http.MethodGet, path, nil, result)
}

// Do sends body as JSON to a path of the API server, as admin.
func (b *Bed) Do(ctx context.Context, method, path string, body, result any) error {
	client, err := b.HTTP()
	if err != nil {
		return err
	}
	text := []byte(nil)
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return err
		}
	}
	request, err := http.NewRequestWithContext(ctx, method, b.Server()+path, bytes.NewReader(text))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	answer, err := client.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if text, err = io.ReadAll(answer.Body); err != nil {
		return err
	}
	if answer.StatusCode/100 != 2 {
		return fmt.Errorf("%s %s: %s: %s", method, path, answer.Status, bytes.TrimSpace(text))
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(text, result)
}
