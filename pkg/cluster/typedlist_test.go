package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"k8s.io/client-go/rest"
)

// nodesOf asks for the facts of a server that answers LISTs of nodes, by their continue tokens.
func nodesOf(t *testing.T, pages map[string]string) ([]string, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch r.URL.Path {
		case "/version":
			fmt.Fprint(w, `{"gitVersion":"v1.18.2"}`)
		case "/api/v1/nodes":
			fmt.Fprint(w, pages[r.URL.Query().Get("continue")])
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(s.Close)
	c, err := cluster.New(t.Context(), &rest.Config{Host: s.URL}, cluster.Options{})
	if err != nil {
		t.Fatal(err)
	}
	facts, err := c.Facts(t.Context())
	var names []string
	for _, n := range facts.Nodes {
		names = append(names, n.Name)
	}
	return names, err
}

func TestPagesOfNodes(t *testing.T) {
	page := func(next, items string) string {
		return `{"kind":"NodeList","more":{"a":[1]},"metadata":{"continue":"` + next + `"},"items":` + items + `}`
	}
	for name, test := range map[string]struct {
		pages map[string]string
		want  string // the names, or a part of the error
	}{
		"none":            {map[string]string{"": page("", "null")}, ""},
		"one page":        {map[string]string{"": page("", `[{"metadata":{"name":"a","managedFields":[{"x":1}]},"status":{"images":7}}]`)}, "a"},
		"two pages":       {map[string]string{"": page("x", `[{"metadata":{"name":"a"}}]`), "x": page("", `[{"metadata":{"name":"b"}}]`)}, "a b"},
		"without names":   {map[string]string{"": page("", `[null,null]`)}, "an object without a name; see what answers"},
		"endless":         {map[string]string{"": page("x", `[{"metadata":{"name":"a"}}]`), "x": page("x", `[{"metadata":{"name":"b"}}]`)}, "the list does not end"},
		"no list":         {map[string]string{"": `{"kind":"Node","metadata":{"name":"a"}}`}, "the answer is a Node instead of a list of nodes"},
		"no list inside":  {map[string]string{"": page("", `{}`)}, "the items of the answer are no list"},
		"another shape":   {map[string]string{"": `[]`}, "the answer is not JSON of a list"},
		"a field is not":  {map[string]string{"": page("", `[{"metadata":{"name":{}}}]`)}, "cannot unmarshal"},
		"a name is wrong": {map[string]string{"": page("", `[{"metadata":[]}]`)}, "cannot unmarshal"},
	} {
		names, err := nodesOf(t, test.pages)
		switch got := strings.Join(names, " "); {
		case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s: %v", name, err)
		case err == nil && got != test.want:
			t.Errorf("%s: %q", name, got)
		}
	}
}
