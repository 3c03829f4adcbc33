package probe

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
)

// dial connects and bounds everything that is done with the connection by the deadline of ctx.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err != nil {
		return nil, err
	}
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func openTCP(ctx context.Context, t Task) (string, error) {
	conn, err := dial(ctx, "tcp", t.address())
	if err != nil {
		return "", err
	}
	return "accepted", conn.Close()
}

// unverified takes any certificate: a probe asks whether TLS is spoken there, and tells what it was shown.
func unverified(name string) *tls.Config {
	return &tls.Config{ServerName: name, InsecureSkipVerify: true}
}

func shakeHands(ctx context.Context, t Task) (string, error) {
	conn, err := dial(ctx, "tcp", t.address())
	if err != nil {
		return "", err
	}
	defer conn.Close()
	client := tls.Client(conn, unverified(t.Name))
	if err := client.HandshakeContext(ctx); err != nil {
		return "", err
	}
	state := client.ConnectionState()
	return fmt.Sprintf("%s, certificate of %s", tls.VersionName(state.Version), state.PeerCertificates[0].Subject), nil
}

// getHTTP follows no redirects: what the address itself answers counts.
func getHTTP(ctx context.Context, t Task) (string, error) {
	scheme := "http"
	if t.Secure {
		scheme = "https"
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, scheme+"://"+t.address()+"/"+strings.TrimPrefix(t.Path, "/"), nil)
	if err != nil {
		return "", err
	}
	request.Host = t.Host
	transport := &http.Transport{DisableKeepAlives: true, TLSClientConfig: unverified(t.Name)}
	answer, err := transport.RoundTrip(request)
	if err != nil {
		return "", err
	}
	defer answer.Body.Close()
	const most = 200
	body, err := io.ReadAll(io.LimitReader(answer.Body, most))
	if err != nil {
		return "", err
	}
	text := strings.TrimSpace(answer.Status + ": " + strings.Join(strings.Fields(strings.ToValidUTF8(string(body), "")), " "))
	if t.Status != 0 && t.Status != answer.StatusCode {
		return "", fmt.Errorf("%s answers %s, not %d", request.URL, text, t.Status)
	}
	return text, nil
}
