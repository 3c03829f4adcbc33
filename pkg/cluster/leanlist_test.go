package cluster_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"google.golang.org/protobuf/encoding/protowire"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// nodesOf asks for the facts of a server that answers LISTs of nodes, by their continue tokens.
func nodesOf(t *testing.T, pages map[string]string) ([]string, error) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.HasPrefix(pages[""], "k8s") {
			w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
		}
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
		"a long quantity": {map[string]string{"": page("", `[{"metadata":{"name":"a"},"status":{"capacity":{"cpu":"1E-99999999"}}}]`)}, "status.capacity.cpu is not a quantity of use"},
		"endless":         {map[string]string{"": page("x", `[{"metadata":{"name":"a"}}]`), "x": page("x", `[{"metadata":{"name":"b"}}]`)}, "the list does not end"},
		"no list":         {map[string]string{"": `{"kind":"Node","metadata":{"name":"a"}}`}, "the answer is a Node instead of a list of nodes"},
		"no list inside":  {map[string]string{"": page("", `{}`)}, "not a Kubernetes object"},
		"another shape":   {map[string]string{"": `[]`}, "not a Kubernetes object"},
		"a field is not":  {map[string]string{"": page("", `[{"metadata":{"name":"a"},"spec":{"podCIDR":{}}}]`)}, "not a Kubernetes object"},
		"a name is wrong": {map[string]string{"": page("", `[{"metadata":[]}]`)}, "an object without a name"},
		"empty":           {map[string]string{"": ""}, "it is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // some are asked for two seconds
			names, err := nodesOf(t, test.pages)
			switch got := strings.Join(names, " "); {
			case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
				t.Error(err)
			case err == nil && got != test.want:
				t.Errorf("%q", got)
			}
		})
	}
}

// encoded is a page of a list as an API server encodes it as protobuf.
func encoded(t *testing.T, kind, next string, list []byte) string {
	t.Helper()
	if list == nil {
		nodes := corev1.NodeList{ListMeta: metav1.ListMeta{Continue: next}, Items: []corev1.Node{{ObjectMeta: metav1.ObjectMeta{Name: "n" + next}}}}
		var err error
		if list, err = nodes.Marshal(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{APIVersion: "v1", Kind: kind}, Raw: list}).Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return "k8s\x00" + string(text)
}

// items are a list of objects, in protobuf.
func items(objects ...string) (list []byte) {
	for _, o := range objects {
		list = protowire.AppendBytes(protowire.AppendTag(list, 2, protowire.BytesType), []byte(o))
	}
	return list
}

func TestPagesOfProtobuf(t *testing.T) {
	const name = "\x0a\x03\x0a\x01a" // metadata: {name: a}
	whole := encoded(t, "NodeList", "", nil)
	for name, test := range map[string]struct {
		pages map[string]string
		want  string // the names, or a part of the error
	}{
		"one page":       {map[string]string{"": whole}, "n"},
		"two pages":      {map[string]string{"": encoded(t, "NodeList", "x", nil), "x": encoded(t, "NodeList", "", nil)}, "nx n"},
		"endless":        {map[string]string{"": encoded(t, "NodeList", "x", nil), "x": encoded(t, "NodeList", "x", nil)}, "the list does not end"},
		"none":           {map[string]string{"": encoded(t, "NodeList", "", []byte{})}, ""},
		"other kind":     {map[string]string{"": encoded(t, "SecretList", "", nil)}, "the answer is a SecretList instead of a list of nodes"},
		"no kind":        {map[string]string{"": encoded(t, "", "", nil)}, "instead of a list of nodes"},
		"no list":        {map[string]string{"": "k8s\x00"}, "instead of a list of nodes"},
		"no name":        {map[string]string{"": encoded(t, "NodeList", "", items(""))}, "an object without a name"},
		"not protobuf":   {map[string]string{"": "k8s\x00" + strings.Repeat("\xff", 20)}, "not a Kubernetes object"},
		"other protobuf": {map[string]string{"": encoded(t, "NodeList", "", items(name, "\x0a\x02\xff\xff"))}, "not a Kubernetes object"},
		"too long":       {map[string]string{"": encoded(t, "NodeList", "", []byte("\x12\x7f"))}, "not a Kubernetes object"},
		"a huge object": {map[string]string{"": encoded(t, "NodeList", "", items(name+strings.Repeat("\x00", 9<<20)))},
			"an object of it has more than 8 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // some are asked for two seconds
			names, err := nodesOf(t, test.pages)
			switch got := strings.Join(names, " "); {
			case err != nil && (test.want == "" || !strings.Contains(err.Error(), test.want)):
				t.Error(err)
			case err == nil && got != test.want:
				t.Errorf("%q", got)
			}
		})
	}
}
