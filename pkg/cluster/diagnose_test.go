package cluster_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/observed"
	"k8s.io/client-go/rest"
)

// Whoever wants no logs in a report has none read.
func TestLogsAreLeftUnread(t *testing.T) {
	var asked atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/log") {
			asked.Add(1)
			io.WriteString(w, "password: hunter2") //nolint:errcheck
			return
		}
		w.Header().Set("Content-Type", "application/json")
		io.WriteString(w, `{"gitVersion":"v1.36.4"}`) //nolint:errcheck
	}))
	defer server.Close()
	of := observed.LogRequest{Namespace: "n", Pod: "p", Container: "c"}
	for noLogs, want := range map[bool]string{false: "password: hunter2", true: ""} {
		asked.Store(0)
		client, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{NoLogs: noLogs})
		if err != nil {
			t.Fatal(err)
		}
		evidence := client.Diagnose(t.Context(), observed.EvidenceRequest{Logs: []observed.LogRequest{of}})
		if got := evidence.Logs[of].Text; got != want || noLogs && asked.Load() > 0 {
			t.Errorf("no logs: %t; asked %d times, got %q", noLogs, asked.Load(), got)
		}
	}
}
