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
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
)

// Version is what the server says of itself at /version.
const Version = "v1.36.4"

// A list is what is served at one path: templates of which each is there count times, and single objects.
type list struct {
	templates []template
	count     int
	objects   []*manifest.Object
}

func (l list) len() int { return len(l.templates)*l.count + len(l.objects) }

// write writes the i-th object as JSON: all pods of a node come one after the other.
func (l list) write(w io.Writer, i int) error {
	if many := len(l.templates) * l.count; i >= many {
		return json.NewEncoder(w).Encode(l.objects[i-many])
	}
	return l.templates[i%len(l.templates)].write(w, i/len(l.templates))
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
	s.lists["/api/v1/nodes"] = list{templates: []template{newTemplate(node())}, count: nodes}
	own := inventory.Expected(inventory.Target{Bundle: p.Rendering.Bundle, Kubernetes: p.Cluster.KubernetesVersion, Digest: p.Rendering.Digest})
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
		l.templates, l.count = append(l.templates, newTemplate(pod(live))), nodes
	} else {
		l.objects = append(l.objects, numbered(pod(live), 0))
	}
	s.lists[pods] = l
	return nil
}

// ServeHTTP answers /version, GET and LIST; LIST in pages where a limit is given.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	l, isList := s.lists[r.URL.Path]
	switch {
	case r.URL.Path == "/version":
		fmt.Fprintf(w, `{"gitVersion":%q}`, Version)
	case isList:
		out := bufio.NewWriterSize(counting{w, &s.Sent}, 64<<10)
		if err := l.page(out, path.Base(r.URL.Path), r.URL.Query().Get("limit"), r.URL.Query().Get("continue"), r.URL.Query().Get("labelSelector") != ""); err == nil {
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

// page writes one page of a list; rendered restricts it to what Fitout rendered.
func (l list) page(w io.Writer, resource, limit, from string, rendered bool) error {
	if rendered {
		l = list{objects: l.rendered()}
	}
	start, _ := strconv.Atoi(from)
	end, next := l.len(), ""
	if n, err := strconv.Atoi(limit); err == nil && n > 0 && start+n < end {
		end, next = start+n, strconv.Itoa(start+n)
	}
	if _, err := fmt.Fprintf(w, `{"kind":"%sList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":%q},"items":[`, strings.TrimSuffix(resource, "s"), next); err != nil {
		return err
	}
	for i := start; i < end; i++ {
		if i > start {
			if _, err := io.WriteString(w, ","); err != nil {
				return err
			}
		}
		if err := l.write(w, i); err != nil {
			return err
		}
	}
	_, err := io.WriteString(w, "]}")
	return err
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
