package cluster_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"k8s.io/client-go/rest"
)

// A stuck server has a namespace that is being deleted, and ends the run that waits for it in the middle of the second look.
type stuck struct {
	namespaces
	end   context.CancelFunc
	looks int
}

func (s *stuck) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodGet && r.URL.Path == "/api/v1/namespaces/metrics" {
		if s.looks++; s.looks == 2 {
			s.end()
			<-r.Context().Done()
			return
		}
	}
	s.namespaces.ServeHTTP(w, r)
}

// Who waits in vain for a namespace to go is told what keeps it, also if the time ends while the server is asked.
func TestRemoveStuck(t *testing.T) {
	condition := func(kind, reason, message string) string {
		return fmt.Sprintf(`"status":{"phase":"Terminating","conditions":[{"type":%q,"status":"True","reason":%q,"message":%q},
			{"type":"NamespaceDeletionContentFailure","status":"False","message":"fine"}]}`, kind, reason, message)
	}
	const discovery = "Discovery failed for some groups, 1 failing: unable to retrieve the complete list of server APIs: metrics.k8s.io/v1beta1: stale GroupVersion discovery: metrics.k8s.io/v1beta1"
	for name, test := range map[string]struct{ metadata, status, want string }{
		"an API that does not answer": {"", condition("NamespaceDeletionDiscoveryFailure", "DiscoveryFailed", discovery),
			"context canceled: NamespaceDeletionDiscoveryFailure: " + discovery + "; repair what serves the API, or remove it (kubectl delete apiservice v1beta1.metrics.k8s.io), then run the same command again"},
		"contents": {"", condition("NamespaceContentRemaining", "SomeResourcesRemain", "Some resources are remaining: widgets.example.org has 1 resource instances"),
			"context canceled: Some resources are remaining: widgets.example.org has 1 resource instances; remove that, or repair what serves it, then run the same command again"},
		"a finalizer": {`,"finalizers":["example.org/hold"]`, `"status":{"phase":"Terminating"}`,
			"context canceled: its finalizers hold it: example.org/hold; find out who should remove them"},
		"nothing that the server tells": {"", `"status":{"phase":"Terminating"}`, "context canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, end := context.WithCancel(t.Context())
			text := `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"metrics","uid":"u1"` + test.metadata + `},` + test.status + `}`
			server := httptest.NewServer(&stuck{namespaces: namespaces{namespace: text}, end: end})
			defer server.Close()
			c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
			if err != nil {
				t.Fatal(err)
			}
			id := manifest.ID{Kind: "Namespace", Name: "metrics"}
			live := &manifest.Object{Object: map[string]any{"kind": "Namespace", "apiVersion": "v1", "metadata": map[string]any{"name": "metrics", "uid": "u1"}}}
			set := removing(id, live)
			_, err = c.Remove(ctx, set, set.Removals)
			if want := "remove Namespace metrics: " + test.want; err == nil || err.Error() != want {
				t.Errorf("error %v\nwant  %s", err, want)
			}
		})
	}
}

// An object that is gone, or has another one in its place, is not waited for.
func TestRemoveGone(t *testing.T) {
	for name, test := range map[string]struct {
		server    *namespaces
		action    report.Action
		deviation changeset.Deviation
	}{
		"gone":                {&namespaces{status: map[string]int{"metrics": 404, "delete": 404}}, report.Pruned, changeset.Disappeared},
		"another of its name": {&namespaces{namespace: `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"metrics","uid":"u2"}}`, status: map[string]int{"delete": 409}}, report.Kept, changeset.Replaced},
	} {
		t.Run(name, func(t *testing.T) {
			id := manifest.ID{Kind: "Namespace", Name: "metrics"}
			live := &manifest.Object{Object: map[string]any{"kind": "Namespace", "apiVersion": "v1", "metadata": map[string]any{"name": "metrics", "uid": "u1"}}}
			set := removing(id, live)
			changes, err := test.server.serve(t).Remove(t.Context(), set, set.Removals)
			if err != nil || len(changes) != 1 || changes[0].Action != test.action || changes[0].Deviation != test.deviation || strings.Join(test.server.deleted, " ") != "metrics u1" {
				t.Errorf("changes %+v, deleted %v, error %v", changes, test.server.deleted, err)
			}
		})
	}
}

// removing is a set that removes an object, which is named.
func removing(id manifest.ID, live *manifest.Object) *changeset.Set {
	live = live.DeepCopy()
	live.SetLabels(map[string]string{render.LabelAddon: "a", render.LabelManagedBy: render.ManagedBy})
	return changeset.Decide(changeset.Input{
		Target:  &inventory.Inventory{},
		Record:  &inventory.Inventory{Entries: []inventory.Entry{{ID: id, Version: "v1", Resource: "namespaces", UID: "u1", Addon: "a"}}},
		Live:    map[manifest.ID]*manifest.Object{id: live},
		Options: changeset.Options{Prune: changeset.Names{id.Kind + "/" + id.Name}},
	})
}
