package cluster

import (
	"context"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/printable"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
)

// guard is the innermost transport of every connection to the API server: below it there is only the network, above it
// whatever adds credentials. It sends requests to the kubeconfig's server only, follows no redirect, and bounds each answer.
type guard struct {
	next   http.RoundTripper
	server *url.URL
}

// guarded makes every connection that is made with a configuration go through a guard. It must be called before anything
// else wraps the transport.
func guarded(config *rest.Config) error {
	server, _, err := rest.DefaultServerUrlFor(config)
	if err != nil {
		return fmt.Errorf("server address of the kubeconfig: %w; correct the field server of its cluster", err)
	}
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return &guard{next: next, server: server} })
	return nil
}

func (g *guard) RoundTrip(r *http.Request) (*http.Response, error) {
	request := describe(r)
	if origin(r.URL) != origin(g.server) {
		return nil, &AnswerError{Request: request, Fault: "it would go to " + origin(r.URL) + " instead of " + origin(g.server),
			Remedy: "correct the server address in the kubeconfig"}
	}
	if sent, ok := r.Context().Value(begunKey{}).(*begun); ok {
		sent.Store(true)
	}
	allowed := allowanceOf(r.Context())
	answer, err := g.next.RoundTrip(onlyJSON(r, allowed))
	if err != nil {
		return nil, refusedHeader(request, err)
	}
	if allowed.binary && answer.StatusCode >= http.StatusBadRequest {
		allowed.bytes = failureBytes
	}
	answer.Request = r // which SPDY leaves out
	if err := refusedAnswer(request, answer, allowed); err != nil {
		answer.Body.Close()
		return nil, err
	}
	if answer.StatusCode != http.StatusSwitchingProtocols { // the body of an upgrade is the connection
		answer.Body = bounded(answer.Body, request, allowed)
	}
	if err := overloaded(answer, allowed); err != nil {
		return nil, err
	}
	return answer, nil
}

// onlyJSON is a request that does not ask for protobuf, unless its reader estimates what that takes in memory: the client of
// metadata asks for it by itself.
func onlyJSON(r *http.Request, allowed allowance) *http.Request {
	if allowed.binary || !strings.Contains(r.Header.Get("Accept"), runtime.ContentTypeProtobuf) {
		return r
	}
	r = r.Clone(r.Context())
	kept := slices.DeleteFunc(strings.Split(r.Header.Get("Accept"), ","), func(kind string) bool { return strings.Contains(kind, runtime.ContentTypeProtobuf) })
	r.Header.Set("Accept", strings.Join(kept, ","))
	return r
}

// origin returns scheme and host of a URL: what credentials are meant for. A WebSocket has that of its upgrade.
func origin(u *url.URL) string {
	scheme := strings.NewReplacer("wss", "https", "ws", "http").Replace(u.Scheme)
	port := u.Port()
	if port == "" && scheme == "https" {
		port = "443"
	} else if port == "" {
		port = "80"
	}
	return scheme + "://" + strings.ToLower(u.Hostname()) + ":" + port
}

// describe names a request without its query.
func describe(r *http.Request) string { return r.Method + " " + brief(r.URL.Path, 200) }

// refusedAnswer is the error of an answer that is not taken, whatever its body says.
func refusedAnswer(request string, answer *http.Response, allowed allowance) error {
	if answer.StatusCode >= 300 && answer.StatusCode < 400 {
		to := target(answer)
		return &AnswerError{
			Request: request, Fault: fmt.Sprintf("redirected (status %d) to %s", answer.StatusCode, to), Target: to,
			Remedy: "Fitout follows no redirects, because the credentials would go along; give the address of the API server itself in the kubeconfig",
		}
	}
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if kind == "text/html" && !allowed.text && !mayPass(answer.StatusCode) {
		return &AnswerError{Request: request, Fault: fmt.Sprintf("the answer is an HTML page (status %d)", answer.StatusCode), Remedy: notAPIServer}
	}
	return nil
}

// mayPass says whether an answer may be that of a load balancer before an API server that is away.
func mayPass(code int) bool {
	return code >= http.StatusInternalServerError || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout
}

// target is where a redirect wants to go: without credentials and query, which may be secret.
func target(answer *http.Response) string {
	text := answer.Header.Get("Location")
	if text == "" {
		return "nowhere (no Location)"
	}
	to, err := answer.Request.URL.Parse(text)
	if err != nil || to.Host == "" {
		return brief(text, 200)
	}
	return brief((&url.URL{Scheme: to.Scheme, Host: to.Host, Path: to.Path}).String(), 200)
}

// refusedHeader gives an error of the transport its meaning: a header beyond the limit of net/http (10 MiB) does not pass by itself.
func refusedHeader(request string, err error) error {
	if strings.Contains(err.Error(), "response headers exceeded") || strings.Contains(err.Error(), "header list larger") ||
		strings.Contains(err.Error(), "COMPRESSION_ERROR") { // how HTTP/2 says so of a single field
		return &AnswerError{Request: request, Fault: "the header of the answer is too large", Remedy: notAPIServer, cause: err}
	}
	return err
}

// longestPause is the longest that a server can ask to be left alone for.
const longestPause = 30 * time.Second

// overloaded returns the error of an answer that asks for patience by Retry-After. Otherwise client-go would wait itself,
// ten times for as long as the server says, and nobody would know.
func overloaded(answer *http.Response, allowed allowance) error {
	code := answer.StatusCode
	header := answer.Header.Get("Retry-After")
	if allowed.text || header == "" || code != http.StatusTooManyRequests && code < http.StatusInternalServerError {
		return nil
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	if err != nil {
		return err
	}
	status, ok := statusOf(body)
	if !ok {
		status = apierrors.NewGenericServerResponse(code, answer.Request.Method, schema.GroupResource{}, "", brief(string(body), 200), 0, true).ErrStatus
	}
	if status.Details == nil {
		status.Details = &metav1.StatusDetails{}
	}
	status.Details.RetryAfterSeconds = retrySeconds(header)
	return &apierrors.StatusError{ErrStatus: status}
}

// retrySeconds reads the number of seconds that Retry-After has, within 1 and longestPause; a date counts as 1.
func retrySeconds(header string) int32 {
	seconds, err := strconv.ParseUint(header, 10, 64)
	if err != nil && strings.Trim(header, "0123456789") != "" {
		return 1
	}
	return int32(max(1, min(seconds, uint64(longestPause/time.Second))))
}

const notAPIServer = "this is not an API server, or a proxy or a login page is in between: check the server address in the kubeconfig, and HTTPS_PROXY and NO_PROXY"

// A AnswerError is a request that is not sent, or an answer that is not taken. Trying again would not help.
type AnswerError struct {
	Request string // GET /version
	Fault   string
	Remedy  string
	Target  string // where a redirect wanted to go, fit for printing; "" for any other fault
	large   bool   // the answer goes beyond its allowance
	cause   error  // nil for most
}

func (e *AnswerError) Error() string { return e.Request + ": " + e.Fault + "; " + e.Remedy }

// Unwrap is a list, so that the cause is not taken for all there is to say.
func (e *AnswerError) Unwrap() []error { return []error{e.cause} }

// brief is the beginning of a text of others, of at most limit bytes, as one line.
func brief(text string, limit int) string { return printable.Line(printable.Cut(text, limit)) }

// allowanceOf is the context's allowance, or that of one object.
func allowanceOf(ctx context.Context) allowance {
	if a, ok := ctx.Value(allowanceKey{}).(allowance); ok {
		return a
	}
	return oneObject
}

type allowanceKey struct{}

// allow returns a context whose requests may have answers of the given kind.
func allow(ctx context.Context, a allowance) context.Context {
	return context.WithValue(ctx, allowanceKey{}, a)
}
