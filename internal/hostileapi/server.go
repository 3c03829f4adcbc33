// Package hostileapi is an API server that lies, floods and hangs by plan. Until then it is plausible: it has a version, no
// objects, and takes every write. It is for tests of what reads from a cluster.
package hostileapi

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
)

// A Plan chooses the hostile answer to a request; nil for a plausible one.
type Plan func(r *http.Request) http.HandlerFunc

// A Server is an API server on the loopback.
type Server struct {
	URL     string
	Version string // gitVersion

	front *httptest.Server
	plan  atomic.Pointer[Plan]
	stop  chan struct{} // closed when the server stops: what hangs ends then
	seen  chan struct{} // closed with the first hostile answer
	once  sync.Once
}

// Start starts a server of a version, which is plausible as long as it has no plan.
func Start(version string) *Server {
	s := &Server{Version: version, stop: make(chan struct{}), seen: make(chan struct{})}
	s.front = httptest.NewUnstartedServer(http.HandlerFunc(s.serve))
	s.front.Config.ErrorLog = log.New(io.Discard, "", 0) // broken connections are what it is for
	s.front.EnableHTTP2 = true
	s.front.StartTLS()
	s.URL = s.front.URL
	return s
}

// Plan makes the server hostile.
func (s *Server) Plan(p Plan) { s.plan.Store(&p) }

// Seen is closed once a hostile answer has begun.
func (s *Server) Seen() <-chan struct{} { return s.seen }

// Close stops the server and whatever it still answers.
func (s *Server) Close() {
	close(s.stop)
	s.front.CloseClientConnections()
	s.front.Close()
}

// Kubeconfig is a kubeconfig for the server, with the token Token.
func (s *Server) Kubeconfig() string {
	return fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: a, contexts: [{name: a, context: {cluster: a, user: a}}],
clusters: [{name: a, cluster: {server: %q, certificate-authority-data: %s}}], users: [{name: a, user: {token: %q}}]}`,
		s.URL, base64.StdEncoding.EncodeToString(s.CA()), Token)
}

// CA is the certificate of the server, in PEM.
func (s *Server) CA() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.front.Certificate().Raw})
}

// Token is the bearer token of the kubeconfig. It must reach no other server.
const Token = "hostileapi-secret-token"

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if plan := s.plan.Load(); plan != nil {
		if hostile := (*plan)(r); hostile != nil {
			s.once.Do(func() { close(s.seen) })
			hostile(w, r)
			return
		}
	}
	if r.URL.Path == "/version" {
		write(w, http.StatusOK, map[string]any{"gitVersion": s.Version})
		return
	}
	path := PathOf(r)
	switch r.Method {
	case http.MethodGet:
		if path.Name == "" {
			write(w, http.StatusOK, map[string]any{"apiVersion": path.APIVersion, "kind": strings.TrimSuffix(path.Resource, "s") + "List", "metadata": map[string]any{"resourceVersion": "1"}, "items": []any{}})
			return
		}
		write(w, http.StatusNotFound, failure(http.StatusNotFound, "NotFound", fmt.Sprintf("%s %q not found", path.Resource, path.Name)))
	case http.MethodDelete:
		write(w, http.StatusOK, map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Success"})
	default:
		s.take(w, r)
	}
}

// take answers a write with what was written.
func (s *Server) take(w http.ResponseWriter, r *http.Request) {
	var object map[string]any
	if err := json.NewDecoder(r.Body).Decode(&object); err != nil {
		write(w, http.StatusBadRequest, failure(http.StatusBadRequest, "BadRequest", err.Error()))
		return
	}
	metadata, _ := object["metadata"].(map[string]any)
	if metadata != nil {
		metadata["uid"], metadata["resourceVersion"] = "00000000-0000-0000-0000-000000000001", "1"
	}
	write(w, http.StatusCreated, object)
}

// A Path is what a URL of the API names.
type Path struct {
	APIVersion, Namespace, Resource, Name string
}

// PathOf reads the URL of a request: /api/v1/namespaces/NAMESPACE/RESOURCE/NAME, or less of it.
func PathOf(r *http.Request) Path {
	parts := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var p Path
	switch {
	case parts[0] == "api" && len(parts) > 2:
		p.APIVersion, parts = parts[1], parts[2:]
	case parts[0] == "apis" && len(parts) > 3:
		p.APIVersion, parts = parts[1]+"/"+parts[2], parts[3:]
	default:
		return p
	}
	if parts[0] == "namespaces" && len(parts) > 2 {
		p.Namespace, parts = parts[1], parts[2:]
	}
	p.Resource = parts[0]
	if len(parts) > 1 {
		p.Name = parts[1]
	}
	return p
}

func failure(code int, reason, message string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Status", "status": "Failure", "code": code, "reason": reason, "message": message}
}

func write(w http.ResponseWriter, code int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	json.NewEncoder(w).Encode(body) //nolint:errcheck // the client may be gone
}
