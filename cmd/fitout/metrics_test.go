package main

import (
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/report"
)

// Metrics are served from one check to the next, and a file of them is replaced as a whole.
func TestMetricsServed(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &metricsOptions{to: free.Addr().String()}
	if err := m.serve(t.Context()); err == nil {
		t.Fatal("an address that is taken was served")
	}
	free.Close() //nolint:errcheck // it is to be free
	if err := m.serve(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, verdict := range []check.Verdict{check.Good, check.Failed} {
		if err := m.tell(&report.Report{Cluster: "eu-1", Verdict: verdict, Time: time.Unix(1700000000, 0)}); err != nil {
			t.Fatal(err)
		}
		answer, err := http.Get("http://" + m.to + "/metrics")
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(answer.Body)
		answer.Body.Close() //nolint:errcheck // it was read
		if err != nil || !strings.Contains(string(text), `fitout_verdict{cluster="eu-1",verdict="`+string(verdict)+`"} 1`) {
			t.Errorf("%v\n%s", err, text)
		}
	}
	file := &metricsOptions{to: filepath.Join(t.TempDir(), "a.prom")}
	for range 2 {
		if err := file.tell(&report.Report{Cluster: "eu-1", Verdict: check.Good}); err != nil {
			t.Fatal(err)
		}
	}
	others, err := os.ReadDir(filepath.Dir(file.to))
	if err != nil || len(others) != 1 {
		t.Errorf("%v %v", others, err)
	}
}
