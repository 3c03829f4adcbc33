package cluster_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/wave"
	"k8s.io/client-go/rest"
)

// BenchmarkPreflight judges 100 objects in a dry run by a server whose answers take 20 ms, which do not count for its CPU.
func BenchmarkPreflight(b *testing.B) {
	const objects, trip = 100, 20 * time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.URL.Path == "/version" {
			io.WriteString(w, `{"major":"1","minor":"36","gitVersion":"v1.36.4"}`) //nolint:errcheck
			return
		}
		text, err := io.ReadAll(r.Body)
		if err != nil || r.Method != http.MethodPatch || r.URL.Query().Get("dryRun") != "All" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		time.Sleep(trip)
		w.WriteHeader(http.StatusCreated)
		w.Write(text) //nolint:errcheck
	}))
	defer server.Close()
	c, err := cluster.New(b.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		b.Fatal(err)
	}
	var all []*manifest.Object
	for i := range objects {
		all = append(all, &manifest.Object{Object: map[string]any{"apiVersion": "v1", "kind": "ConfigMap",
			"metadata": map[string]any{"name": fmt.Sprint("c-", i), "namespace": "kube-system"}, "data": map[string]any{"k": strings.Repeat("x", 1000)}}})
	}
	changes := changeset.Decide(changeset.Input{Waves: []wave.Wave{{Objects: all}}}).Changes
	for b.Loop() {
		if done, err := c.Apply(b.Context(), manifest.KindsOf(nil), changes, true); err != nil || len(done) != objects {
			b.Fatal(err)
		}
	}
}
