package cluster_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/probe"
	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"
)

// serverNow is the time of the API server, which has nothing to do with that of this machine.
var serverNow = time.Date(2031, 5, 1, 12, 0, 0, 0, time.UTC)

// namespaces is an API server with one namespace and what is in it, by the resource.
type namespaces struct {
	namespace string            // JSON
	contents  map[string]string // JSON of the items of pods, secrets and widgets
	status    map[string]int    // of the answer to a request for a resource, or "create", "delete", "apis"
	lost      bool              // the connection breaks after the first creation

	mu      sync.Mutex
	deleted []string // name, UID and resource version that was demanded
	created int
}

func (n *namespaces) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	n.mu.Lock()
	defer n.mu.Unlock()
	w.Header().Set("Content-Type", "application/json")
	last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
	switch r.Method {
	case http.MethodDelete:
		last = "delete"
		var o metav1.DeleteOptions
		json.NewDecoder(r.Body).Decode(&o) //nolint:errcheck // an empty one fails the test
		demanded := "nothing"
		if p := o.Preconditions; p != nil {
			demanded = string(*p.UID)
			if p.ResourceVersion != nil {
				demanded += " " + *p.ResourceVersion
			}
		}
		n.deleted = append(n.deleted, strings.TrimPrefix(r.URL.Path, "/api/v1/namespaces/")+" "+demanded)
	case http.MethodPost:
		last = "create"
		n.created++
		if n.lost && n.created == 1 {
			panic(http.ErrAbortHandler)
		}
	}
	if status := n.status[last]; status != 0 {
		reason := map[int]string{403: "Forbidden", 404: "NotFound", 409: "Conflict", 503: "ServiceUnavailable"}[status]
		if last == "create" {
			reason = "AlreadyExists"
		}
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"kind":"Status","apiVersion":"v1","status":"Failure","reason":%q,"code":%d,"message":"no"}`, reason, status)
		return
	}
	io.WriteString(w, n.answer(r.URL.Path, last)) //nolint:errcheck
}

func (n *namespaces) answer(path, last string) string {
	list := func(items string) string {
		return `{"kind":"PartialObjectMetadataList","apiVersion":"meta.k8s.io/v1","metadata":{"resourceVersion":"1"},"items":[` + items + `]}`
	}
	switch {
	case path == "/version":
		return `{"gitVersion":"v1.18.20"}`
	case path == "/api":
		return `{"kind":"APIVersions","versions":["v1"]}`
	case path == "/apis":
		return `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"example.org","versions":[{"groupVersion":"example.org/v1","version":"v1"}],"preferredVersion":{"groupVersion":"example.org/v1","version":"v1"}}]}`
	case path == "/api/v1":
		return `{"kind":"APIResourceList","groupVersion":"v1","resources":[
			{"name":"pods","namespaced":true,"kind":"Pod","verbs":["list","delete"]},{"name":"secrets","namespaced":true,"kind":"Secret","verbs":["list","delete"]},
			{"name":"views","namespaced":true,"kind":"View","verbs":["list"]},{"name":"../nodes","namespaced":true,"kind":"Node","verbs":["list","delete"]}]}`
	case path == "/apis/example.org/v1":
		return `{"kind":"APIResourceList","groupVersion":"example.org/v1","resources":[{"name":"widgets","namespaced":true,"kind":"Widget","verbs":["list","delete"]}]}`
	case path == "/api/v1/namespaces" && last == "namespaces":
		return strings.Replace(list(n.namespace), "PartialObjectMetadataList\",\"apiVersion\":\"meta.k8s.io/v1", "NamespaceList\",\"apiVersion\":\"v1", 1)
	case strings.HasPrefix(path, "/api/v1/namespaces/") && strings.Count(path, "/") == 4:
		return n.namespace
	}
	return list(n.contents[last])
}

// serve connects to the server.
func (n *namespaces) serve(t *testing.T) *cluster.Client {
	t.Helper()
	server := httptest.NewServer(n)
	t.Cleanup(server.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: server.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// namespaceText is JSON of a namespace of a run that is so old by the server's clock.
func namespaceText(name, run string, age time.Duration) string {
	return fmt.Sprintf(`{"kind":"Namespace","apiVersion":"v1","metadata":{"name":%q,"uid":"u1","resourceVersion":"7","creationTimestamp":%q,
		"labels":{"fitout.dev/probe":%q,"app.kubernetes.io/managed-by":"fitout"},"annotations":{"fitout.dev/expires":"2001-01-01T00:00:00Z"}}}`,
		name, serverNow.Add(-age).Format(time.RFC3339), run)
}

const (
	probePod = `{"metadata":{"name":"asker-x","uid":"p1","labels":{"fitout.dev/probe":"a","fitout.dev/probe-role":"asker"}}}`
	theirPod = `{"metadata":{"name":"web","uid":"p2"}}`
)

// Only what is surely left of a probe is swept, and as it was when it was looked at.
func TestSweepProbes(t *testing.T) {
	old, long := 8*time.Hour, strings.Repeat("a", 300)
	for name, test := range map[string]struct {
		server  *namespaces
		deleted []string
		kept    string
	}{
		"left over":              {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), contents: map[string]string{"pods": probePod}}, []string{"fitout-probe-a u1 7"}, ""},
		"changed meanwhile":      {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), status: map[string]int{"delete": 409}}, []string{"fitout-probe-a u1 7"}, ""},
		"young, though expired":  {&namespaces{namespace: namespaceText("fitout-probe-a", "a", time.Hour)}, nil, ""},
		"from the future":        {&namespaces{namespace: namespaceText("fitout-probe-a", "a", -old)}, nil, ""},
		"a system namespace":     {&namespaces{namespace: namespaceText("kube-system", "system", old)}, nil, `"kube-system" is kept: it has the label`},
		"the name of another":    {&namespaces{namespace: namespaceText("fitout-probe-b", "a", old)}, nil, "not the name of a probe's namespace"},
		"a path":                 {&namespaces{namespace: namespaceText("fitout-probe-../x", "../x", old)}, nil, "not the name of a probe's namespace"},
		"a long label":           {&namespaces{namespace: namespaceText("fitout-probe-"+long, long, old)}, nil, "not the name of a probe's namespace"},
		"a pod of somebody":      {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), contents: map[string]string{"pods": probePod + "," + theirPod}}, nil, `1 objects that no probe makes, the first is Pod "web"`},
		"a Secret":               {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), contents: map[string]string{"secrets": theirPod}}, nil, `the first is Secret "web"`},
		"a custom resource":      {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), contents: map[string]string{"widgets": theirPod}}, nil, `the first is Widget "web"`},
		"Secrets not to be read": {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), status: map[string]int{"secrets": 403}}, nil, "its contents are unknown: list secrets"},
		"unknown resources":      {&namespaces{namespace: namespaceText("fitout-probe-a", "a", old), status: map[string]int{"v1": 403}}, nil, "its contents are unknown"},
		"nothing may be listed":  {&namespaces{status: map[string]int{"namespaces": 403}}, nil, "were not looked for"},
	} {
		t.Run(name, func(t *testing.T) {
			own := &manifest.Object{Object: map[string]any{}}
			own.SetName("fitout-probe-own")
			own.SetCreationTimestamp(metav1.NewTime(serverNow))
			kept := test.server.serve(t).SweepProbes(t.Context(), own)
			if diff := cmp.Diff(test.deleted, test.server.deleted); diff != "" {
				t.Error(diff)
			}
			if text := strings.Join(kept, ", "); !strings.Contains(text, test.kept) || (text == "") != (test.kept == "") {
				t.Errorf("kept %q", text)
			}
		})
	}
}

// A run removes the namespace that it created, whatever is in it by now, and no other one of its name. Who does not know the
// UID looks at what is in it.
func TestRemoveProbe(t *testing.T) {
	for name, test := range map[string]struct {
		server  *namespaces
		uid     string
		deleted []string
		fault   string
	}{
		"its own":                   {&namespaces{contents: map[string]string{"pods": theirPod}}, "u0", []string{"fitout-probe-a u0"}, ""},
		"another of its name":       {&namespaces{status: map[string]int{"delete": 409}}, "u0", []string{"fitout-probe-a u0"}, ""},
		"not allowed":               {&namespaces{status: map[string]int{"delete": 403}}, "u0", []string{"fitout-probe-a u0"}, "remove it with kubectl delete namespace fitout-probe-a"},
		"unknown, a probe's":        {&namespaces{namespace: namespaceText("fitout-probe-a", "a", 0), contents: map[string]string{"pods": probePod}}, "", []string{"fitout-probe-a u1 7"}, ""},
		"unknown, somebody else's":  {&namespaces{namespace: namespaceText("fitout-probe-a", "a", 0), contents: map[string]string{"pods": theirPod}}, "", nil, "no probe makes"},
		"unknown, of another label": {&namespaces{namespace: namespaceText("fitout-probe-a", "b", 0)}, "", nil, "not the name of a probe's namespace"},
		"unknown, and gone":         {&namespaces{status: map[string]int{"fitout-probe-a": 404}}, "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			err := test.server.serve(t).RemoveProbe(t.Context(), "fitout-probe-a", types.UID(test.uid))
			if diff := cmp.Diff(test.deleted, test.server.deleted); diff != "" {
				t.Error(diff)
			}
			if (err == nil) != (test.fault == "") || err != nil && !strings.Contains(err.Error(), test.fault) {
				t.Errorf("error %v", err)
			}
		})
	}
}

// A namespace that was there before is somebody else's, unless it is there because the answer to its creation was lost.
func TestOpenProbe(t *testing.T) {
	objects, err := probe.Objects(probe.Options{Run: "a", Minor: "1.18", Image: "i", Start: serverNow, For: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	taken := map[string]int{"create": 409}
	first := &namespaces{namespace: namespaceText("fitout-probe-a", "a", 0), status: taken}
	if _, err := first.serve(t).OpenProbe(t.Context(), objects[0]); !apierrors.IsAlreadyExists(err) {
		t.Errorf("error %v", err)
	}
	second := &namespaces{namespace: namespaceText("fitout-probe-a", "a", 0), status: taken, lost: true}
	live, err := second.serve(t).OpenProbe(t.Context(), objects[0])
	if err != nil || live.GetUID() != "u1" {
		t.Errorf("%v, error %v", live, err)
	}
}
