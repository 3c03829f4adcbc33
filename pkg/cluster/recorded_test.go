package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"k8s.io/client-go/rest"
)

// A recorded object is found although the API server no longer serves the version in which it was applied.
func TestRecordedInAnotherVersion(t *testing.T) {
	answers := map[string]string{
		"/version":   `{"major":"1","minor":"36","gitVersion":"v1.36.4"}`,
		"/apis/apps": `{"kind":"APIGroup","apiVersion":"v1","name":"apps","versions":[{"groupVersion":"apps/v1","version":"v1"}],"preferredVersion":{"groupVersion":"apps/v1","version":"v1"}}`,
		"/apis/apps/v1/namespaces/net/daemonsets/agent": `{"kind":"DaemonSet","apiVersion":"apps/v1","metadata":{"name":"agent","namespace":"net","uid":"u1"}}`,
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, ok := answers[r.URL.Path]
		if !ok {
			http.Error(w, "404 page not found", http.StatusNotFound)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, text) //nolint:errcheck // the client sees it
	}))
	defer server.Close()
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	entry := func(name, version string) inventory.Entry {
		return inventory.Entry{ID: manifest.ID{Group: "apps", Kind: "DaemonSet", Namespace: "net", Name: name}, Version: version, Resource: "daemonsets"}
	}
	live, err := c.Recorded(t.Context(), []inventory.Entry{entry("agent", "v1beta9"), entry("gone", "v1"), entry("gone-too", "v1beta9"),
		{ID: manifest.ID{Group: "none.example.org", Kind: "Widget", Name: "w"}, Version: "v1", Resource: "widgets"}})
	if err != nil {
		t.Fatal(err)
	}
	if len(live) != 1 || live[entry("agent", "").ID] == nil {
		t.Errorf("found %v", live)
	}
}
