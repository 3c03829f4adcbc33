package hostileapi

import (
	"compress/gzip"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// An Answer is a way to be hostile. Says is what the client's error must say, as a regular expression.
type Answer struct {
	Name  string
	Says  string
	Serve http.HandlerFunc
	Lasts bool // until the client gives up, whether it is one answer or many
}

// A Lie is an answer to requests for lists or, if it is Single, for one object.
type Lie struct {
	Answer
	Single bool
}

// Answers are those that fit every request of the API.
func (s *Server) Answers(elsewhere string) []Answer {
	return []Answer{
		{"huge", `more than (64 KiB|8 MiB|32 MiB)`, s.huge, false},
		{"endless", `more than (64 KiB|8 MiB|32 MiB)`, s.endless, false},
		{"many values", `more than (64 KiB|1 MiB|128 MiB|256 MiB)|an object without a name`, s.manyValues, false},
		{"gzip bomb", `more than (64 KiB|8 MiB|32 MiB)`, s.gzipBomb, false},
		{"large header", `header of the answer is too large`, s.largeHeader, false},
		{"dripping", `deadline exceeded|timeout|Timeout`, s.dripping, true},
		{"hanging", `deadline exceeded|timeout|Timeout|awaiting headers`, s.hanging, true},
		{"closing", `EOF|broke|reset|INTERNAL_ERROR|stream error`, closing, true},
		{"deep", `nested more than 1000 levels|more than 64 KiB`, text("application/json", http.StatusOK, strings.Repeat(`{"a":`, 5000)), false},
		{"malformed", `invalid character|not the version|not a Kubernetes object`, text("application/json", http.StatusOK, `{"kind": nonsense`), false},
		{"HTML", `not an API server`, text("text/html", http.StatusOK, "<html><body>Sign in</body></html>"), false},
		{"HTML 403", `not an API server`, text("text/html", http.StatusForbidden, "<html><body>Blocked</body></html>"), false},
		{"HTML as JSON", `not an API server`, text("application/json", http.StatusOK, "<html><body>Sign in</body></html>"), false},
		{"empty", `not an API server`, text("application/json", http.StatusOK, ""), false},
		{"array", `not an API server|not JSON of a list`, text("application/json", http.StatusOK, "[1,2,3]"), false},
		{"protobuf", `was not asked for|instead of a list of nodes|not an API server`, text("application/vnd.kubernetes.protobuf", http.StatusOK, "k8s\x00"), false},
		{"protobuf failure", `was not asked for|more than 64 KiB|not an API server`, text("application/vnd.kubernetes.protobuf", http.StatusForbidden,
			"k8s\x00"+strings.Repeat("\x12\x00", 1<<20)), false},
		{"redirect", `redirected \(status 302\) to ` + elsewhere + `/there;`, redirecting(http.StatusFound, elsewhere), false},
		{"permanent redirect", `redirected \(status 308\) to ` + elsewhere + `/there;`, redirecting(http.StatusPermanentRedirect, elsewhere), false},
		{"overload", `tried for [1-9]`, overloaded("86400000"), true},
		{"negative Retry-After", `tried for [1-9]`, overloaded("-5"), true},
	}
}

// Lies are answers that are well-formed, and not what was asked for.
func Lies() []Lie {
	return []Lie{
		{Answer{"null items", `without a name`, list(`[null,null]`), false}, false},
		{Answer{"no name", `without a name`, list(`[{"metadata":{}}]`), false}, false},
		{Answer{"other kind", `a SecretList instead of a list of nodes`, text("application/json", http.StatusOK,
			`{"apiVersion":"v1","kind":"SecretList","metadata":{},"items":[{"metadata":{"name":"a"}}]}`), false}, false},
		{Answer{"objects without content", `more than 256 MiB of memory`, text("application/vnd.kubernetes.protobuf", http.StatusOK, bomb()), false}, false},
		{Answer{"huge object", `more than 8 MiB`, text("application/vnd.kubernetes.protobuf", http.StatusOK, protobufList(nodeList, "\x12\xff\xff\xff\x7f")), false}, false},
		{Answer{"endless pages", `does not end|deadline exceeded`, endlessPages, false}, false},
		{Answer{"other name", `is named other`, otherName, false}, true},
		{Answer{"list for an object", `is not one of|without a name`, list(`[]`), false}, true},
	}
}

const chunk = 64 << 10

// endless never ends what it begins with.
func (s *Server) endless(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"gitVersion":"`) //nolint:errcheck // as below
	for s.alive(r) {
		if _, err := io.WriteString(w, strings.Repeat("a", chunk)); err != nil {
			return
		}
	}
}

// huge announces how much it has: a gigabyte.
func (s *Server) huge(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Length", fmt.Sprint(1<<30))
	s.endless(w, r)
}

// manyValues takes 50 times more in memory than on the wire.
func (s *Server) manyValues(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	io.WriteString(w, `{"items":[{}`) //nolint:errcheck // as below
	for s.alive(r) {
		if _, err := io.WriteString(w, strings.Repeat(`,{"a":0}`, chunk/8)); err != nil {
			return
		}
	}
}

func (s *Server) gzipBomb(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Encoding", "gzip")
	out := gzip.NewWriter(w)
	defer out.Close()
	w.Header().Set("Content-Type", "application/json")
	for s.alive(r) {
		if _, err := io.WriteString(out, strings.Repeat(" ", chunk)); err != nil {
			return
		}
	}
}

func (s *Server) largeHeader(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("X-Large", strings.Repeat("a", 12<<20))
	io.WriteString(w, "{}") //nolint:errcheck // the client is gone
}

func (s *Server) dripping(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for s.alive(r) {
		if _, err := io.WriteString(w, " "); err != nil {
			return
		}
		w.(http.Flusher).Flush()
		select {
		case <-tick.C:
		case <-s.stop:
		}
	}
}

func (s *Server) hanging(_ http.ResponseWriter, r *http.Request) {
	select {
	case <-r.Context().Done():
	case <-s.stop:
	}
}

// alive says whether anybody still listens.
func (s *Server) alive(r *http.Request) bool {
	select {
	case <-r.Context().Done():
		return false
	case <-s.stop:
		return false
	default:
		return true
	}
}

// closing closes the connection in the middle of an answer.
func closing(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, `{"kind":`) //nolint:errcheck // it is broken off
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
}

func text(kind string, code int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", kind)
		w.WriteHeader(code)
		io.WriteString(w, body) //nolint:errcheck // the client may be gone
	}
}

func redirecting(code int, elsewhere string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", elsewhere+"/there?secret=1")
		w.WriteHeader(code)
	}
}

func overloaded(retryAfter string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", retryAfter)
		write(w, http.StatusTooManyRequests, failure(http.StatusTooManyRequests, "TooManyRequests", "busy"))
	}
}

// list is a list of the given items; a single object is none.
func list(items string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		text("application/json", http.StatusOK, fmt.Sprintf(`{"apiVersion":%q,"kind":"NodeList","metadata":{},"items":%s}`, PathOf(r).APIVersion, items))(w, r)
	}
}

// endlessPages has one object on each page, and always another page.
func endlessPages(w http.ResponseWriter, r *http.Request) {
	p := PathOf(r)
	next := r.URL.Query().Get("continue") + "a"
	if len(next) > 2 {
		next = "aa"
	}
	text("application/json", http.StatusOK, fmt.Sprintf(`{"apiVersion":%q,"kind":"NodeList","metadata":{"continue":%q},"items":[]}`, p.APIVersion, next))(w, r)
}

// nodeList is the type of a list of nodes in protobuf.
const nodeList = "\x0a\x02v1\x12\x08NodeList"

// protobufList is a list in protobuf: its type and itself.
func protobufList(kind, list string) string {
	text := append([]byte("k8s\x00\x0a"), binary.AppendUvarint(nil, uint64(len(kind)))...)
	text = append(append(text, kind...), '\x12')
	return string(append(binary.AppendUvarint(text, uint64(len(list))+1<<30), list...)) // and more of it, which never comes
}

// bomb is a list of one node, whose two million owners take two bytes each, and a hundred times that in memory.
func bomb() string {
	metadata := "\x0a\x01a" + strings.Repeat("\x6a\x00", 2<<20)
	node := "\x0a" + string(binary.AppendUvarint(nil, uint64(len(metadata)))) + metadata
	return protobufList(nodeList, "\x12"+string(binary.AppendUvarint(nil, uint64(len(node))))+node)
}

// otherName is an object of the right kind, and of another name.
func otherName(w http.ResponseWriter, r *http.Request) {
	p := PathOf(r)
	text("application/json", http.StatusOK, fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"other","namespace":%q,"uid":"a","resourceVersion":"1"}}`,
		p.APIVersion, strings.TrimSuffix(p.Resource, "s"), p.Namespace))(w, r)
}
