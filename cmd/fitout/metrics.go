package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/pflag"
)

// metricsOptions say where the metrics of checks go.
type metricsOptions struct {
	to string // file, or address that begins with a colon or has one
	mu sync.Mutex
	at []byte // the last ones
}

func (m *metricsOptions) register(flags *pflag.FlagSet) {
	flags.StringVar(&m.to, "metrics", "", "also tell verdicts to Prometheus: FILE for node_exporter's textfile collector (*.prom), or with --watch [ADDRESS]:PORT to be scraped")
}

// served reports whether the metrics are scraped.
func (m *metricsOptions) served() bool { return strings.Contains(m.to, ":") }

func (m *metricsOptions) validate(watch bool) error {
	switch {
	case m.served() && !watch:
		return usageError{fmt.Errorf("--metrics %s serves as long as a check goes on; add --watch, or name a file", m.to)}
	case m.to != "" && !m.served() && filepath.Ext(m.to) != ".prom":
		return usageError{fmt.Errorf("--metrics is %q; name a file that ends in .prom, which node_exporter reads, or :PORT", m.to)}
	}
	return nil
}

// serve begins to serve the metrics until the context ends. The error is that of the address.
func (m *metricsOptions) serve(ctx context.Context) error {
	if !m.served() {
		return nil
	}
	listener, err := net.Listen("tcp", m.to)
	if err != nil {
		return usageError{fmt.Errorf("--metrics: %w; give an address of this machine and a free port", err)}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		m.mu.Lock()
		defer m.mu.Unlock()
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		w.Write(m.at) //nolint:errcheck // who asked has gone
	})
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 5 * time.Second, WriteTimeout: 10 * time.Second, MaxHeaderBytes: 16 << 10}
	context.AfterFunc(ctx, func() { server.Close() }) //nolint:errcheck // the process ends
	go server.Serve(listener)                         //nolint:errcheck // it ends when it is closed
	return nil
}

// tell hands the metrics of a report on.
func (m *metricsOptions) tell(r *report.Report) error {
	if m.to == "" || r == nil {
		return nil
	}
	var text bytes.Buffer
	at := r.Time
	if at.IsZero() { // the cluster could not be asked
		at = time.Now()
	}
	if err := report.Metrics(&text, r, at); err != nil {
		return err
	}
	if m.served() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.at = text.Bytes()
		return nil
	}
	return replaceFile(m.to, text.Bytes(), 0o644)
}

// replaceFile writes a file that others read at any moment: they see the old one or the new one.
func replaceFile(name string, content []byte, mode os.FileMode) error {
	f, err := os.CreateTemp(filepath.Dir(name), ".fitout-*")
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Chmod(mode), f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name()) //nolint:errcheck // it may be gone
	}
	return err
}
