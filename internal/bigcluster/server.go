// Package bigcluster stands in for a cluster of any size: nodes and pods as kubelets and controllers write them, managed
// fields included, served as an API server lists them. Nothing of it runs; it shows what reading and judging cost.
package bigcluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"path"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"k8s.io/apimachinery/pkg/runtime"
)

// Version is what the server says of itself at /version.
const Version = "v1.36.4"

// A list is what is served at one path: objects of which each is there count times, once on each node, and single objects.
type list struct {
	templates []forms
	count     int
	objects   []*manifest.Object
}

// forms are an object of each node in both forms in which an API server encodes it.
type forms struct{ json, protobuf template }

func formsOf(o *manifest.Object) forms {
	return forms{json: newTemplate(asJSON(o)), protobuf: newTemplate(asProtobuf(o))}
}

func (l list) len() int { return len(l.templates)*l.count + len(l.objects) }

// of returns the i-th object in one form, and the node that it is of: all pods of a node come one after the other.
func (l list) of(i int, protobuf bool) (t template, node int) {
	many := len(l.templates) * l.count
	switch {
	case i >= many && protobuf:
		return newTemplate(asProtobuf(l.objects[i-many])), 0
	case i >= many:
		return newTemplate(asJSON(l.objects[i-many])), 0
	case protobuf:
		return l.templates[i%len(l.templates)].protobuf, i / len(l.templates)
	}
	return l.templates[i%len(l.templates)].json, i / len(l.templates)
}

// A Server is the API server of a big cluster.
type Server struct {
	*httptest.Server
	// Sent counts the bytes of the bodies.
	Sent  atomic.Int64
	lists map[string]list // by path
}

// Serve serves everything of a plan as it is where all is well, on a number of nodes with one pod of each DaemonSet. Close
// it in the end.
func Serve(p *fitout.Plan, nodes int) (*Server, error) {
	s := &Server{lists: map[string]list{}}
	s.lists["/api/v1/nodes"] = list{templates: []forms{formsOf(node())}, count: nodes}
	own, err := (&inventory.Inventory{State: inventory.Complete, Fitout: "test", Addons: map[string]inventory.Addon{},
		Target: inventory.Target{Bundle: p.Rendering.Bundle, Kubernetes: p.Cluster.KubernetesVersion, Digest: p.Rendering.Digest}}).Object()
	if err != nil {
		return nil, err
	}
	for _, rendered := range slices.Concat(p.Rendering.Objects(), p.Sought(), []*manifest.Object{own}) {
		if err := s.add(p.Kinds, rendered, nodes); err != nil {
			return nil, err
		}
	}
	s.Server = httptest.NewServer(s)
	return s, nil
}

// add serves an object, and the pods that are made for it.
func (s *Server) add(kinds manifest.Kinds, rendered *manifest.Object, nodes int) error {
	gvr, r, err := kinds.Of(rendered)
	if err != nil {
		return err
	}
	live := well(rendered, nodes)
	path := "/apis/" + gvr.Group + "/" + gvr.Version
	if gvr.Group == "" {
		path = "/api/" + gvr.Version
	}
	if r.Namespaced {
		path += "/namespaces/" + live.GetNamespace()
	}
	path += "/" + gvr.Resource
	l := s.lists[path]
	l.objects = append(l.objects, live)
	s.lists[path] = l
	if !hasPods(live) {
		return nil
	}
	pods := "/api/v1/namespaces/" + live.GetNamespace() + "/pods"
	l = s.lists[pods]
	if live.GetKind() == "DaemonSet" {
		l.templates, l.count = append(l.templates, formsOf(pod(live))), nodes
	} else {
		l.objects = append(l.objects, numbered(pod(live), 0))
	}
	s.lists[pods] = l
	return nil
}

// ServeHTTP answers /version, GET and LIST; LIST in pages where a limit is given, and nodes and pods as protobuf where that is
// asked for.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", runtime.ContentTypeJSON)
	l, isList := s.lists[r.URL.Path]
	switch {
	case r.URL.Path == "/version":
		fmt.Fprintf(w, `{"gitVersion":%q}`, Version)
	case isList:
		p := l.page(path.Base(r.URL.Path), r.URL.Query())
		write := p.writeJSON
		if (p.resource == "nodes" || p.resource == "pods") && strings.Contains(r.Header.Get("Accept"), runtime.ContentTypeProtobuf) {
			w.Header().Set("Content-Type", runtime.ContentTypeProtobuf)
			write = p.writeProtobuf
		}
		out := bufio.NewWriterSize(counting{w, &s.Sent}, 64<<10)
		if err := write(out); err == nil {
			out.Flush() //nolint:errcheck // a client that has gone misses nothing
		}
	default:
		s.one(w, r.URL.Path)
	}
}

// one answers with one object.
func (s *Server) one(w http.ResponseWriter, path string) {
	at := strings.LastIndex(path, "/")
	for _, o := range s.lists[path[:max(at, 0)]].objects {
		if o.GetName() == path[at+1:] {
			json.NewEncoder(w).Encode(o) //nolint:errcheck // a client that has gone misses nothing
			return
		}
	}
	w.WriteHeader(http.StatusNotFound)
	fmt.Fprint(w, `{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"NotFound","code":404}`)
}

func (l list) rendered() (all []*manifest.Object) {
	for _, o := range l.objects {
		if render.Rendered(o) {
			all = append(all, o)
		}
	}
	return all
}

// counting counts what goes through it.
type counting struct {
	io.Writer
	sent *atomic.Int64
}

func (c counting) Write(p []byte) (int, error) {
	c.sent.Add(int64(len(p)))
	return c.Writer.Write(p)
}
