//go:build linux

package clusterbed

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

// RunFabric is the process that holds the network namespace with the bridge.
// It serves what a cluster finds around itself: a way in, by an HTTP proxy on
// the machine's loopback (the socket that the owner passed as file 3); and the
// metadata service of a cloud.
func RunFabric(ctx context.Context) error {
	inherited := os.NewFile(3, "proxy")
	listener, err := net.FileListener(inherited)
	if err != nil {
		return fmt.Errorf("the proxy's socket: %w: the owner of a bed starts this", err)
	}
	failed := make(chan error, 2)
	go func() { failed <- http.Serve(listener, http.HandlerFunc(proxy)) }()
	go func() { failed <- serveMetadata(ctx) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		return nil
	}
}

// proxy answers CONNECT, which is all that clients of TLS ask of a proxy.
func proxy(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodConnect {
		http.Error(w, "this proxy knows CONNECT only: with curl, give --proxytunnel", http.StatusMethodNotAllowed)
		return
	}
	there, err := net.DialTimeout("tcp", r.Host, 5*time.Second)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadGateway)
		return
	}
	defer there.Close()
	here, buffered, err := w.(http.Hijacker).Hijack()
	if err != nil {
		return
	}
	defer here.Close()
	fmt.Fprint(here, established)
	done := make(chan struct{}, 2)
	copyTo := func(to net.Conn, from io.Reader) {
		_, _ = io.Copy(to, from) // the end of either side ends both
		done <- struct{}{}
	}
	go copyTo(there, buffered)
	go copyTo(here, there)
	<-done
}

// serveMetadata tells an instance about itself, by the address it asks from.
func serveMetadata(ctx context.Context) error {
	address := net.JoinHostPort(metadataIP, "80")
	listener, err := net.Listen("tcp", address)
	for err != nil { // the owner has not given the bridge its address yet
		if !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return err
		}
		if concurrent.Sleep(ctx, 20*time.Millisecond) != nil {
			return ctx.Err()
		}
		listener, err = net.Listen("tcp", address)
	}
	return http.Serve(listener, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ip, _, _ := net.SplitHostPort(r.RemoteAddr)
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(map[string]any{
			"id": instanceID(ip), "name": ip, "hostname": ip, "commercial_type": "BED-2",
			"location":  map[string]string{"zone_id": "fr-par-1"},
			"public_ip": nil, "private_ip": ip, "volumes": map[string]any{},
		})
	}))
}
