package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var (
	refused  = &url.Error{Op: "Get", URL: "https://a", Err: syscall.ECONNREFUSED}
	brokeOff = &url.Error{Op: "Get", URL: "https://a", Err: syscall.ECONNRESET}
	webhook  = apierrors.NewInternalError(errors.New(`failed calling webhook "w.example.org": failed to call webhook: no endpoints available for service "w"`))
	expired  = apierrors.NewUnauthorized("Unauthorized")
)

// Each row is a request that fails with the given errors, the last one for ever or, where it is nil, no more: how long it
// may take, and what the error says.
func TestRetry(t *testing.T) {
	for name, test := range map[string]struct {
		errs     []error
		min, max time.Duration
		says     string
	}{
		"no trouble":              {[]error{nil}, 0, 0, ""},
		"passes":                  {[]error{refused, brokeOff, webhook, nil}, 0, 3 * time.Second, ""},
		"asks for patience":       {[]error{apierrors.NewTooManyRequests("busy", 7), nil}, 7 * time.Second, 7 * time.Second, ""},
		"asks for too much":       {[]error{apierrors.NewTooManyRequests("busy", 3600)}, serverAway.patience, serverAway.patience + time.Second, "busy (tried for 2m0s); see why"},
		"asks for too much once":  {[]error{apierrors.NewTooManyRequests("busy", 3600), nil}, longestPause, longestPause, ""},
		"asks for less than none": {[]error{apierrors.NewTooManyRequests("busy", -3600), nil}, 0, time.Second, ""},
		"not an object":           {[]error{&garbledError{errors.New("invalid character")}}, 2 * time.Second, 3 * time.Second, "not a Kubernetes object: invalid character (tried for 2"},
		"stays away":              {[]error{refused, brokeOff}, serverAway.patience, serverAway.patience + time.Second, "connection refused (tried for 2m"},
		"webhook stays away":      {[]error{webhook}, serverAway.patience, serverAway.patience + time.Second, "repair webhook w.example.org"},
		"token":                   {[]error{expired}, time.Second, 2 * time.Second, "Unauthorized (tried for 1"},
		"token after an outage":   {[]error{refused, refused, refused, expired, nil}, 0, 6 * time.Second, ""},
		"not found":               {[]error{apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "a")}, 0, 0, `pods "a" not found`},
		"trouble, then not found": {[]error{refused, apierrors.NewNotFound(schema.GroupResource{Resource: "pods"}, "a")}, 0, time.Second, `pods "a" not found`},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				err := (&outages{}).retry(t.Context(), failing(test.errs...))
				if took := time.Since(begin); took < test.min || took > test.max {
					t.Errorf("took %v, not %v to %v", took, test.min, test.max)
				}
				if (err != nil) != (test.says != "") || err != nil && !strings.Contains(err.Error(), test.says) {
					t.Errorf("error %v does not say %q", err, test.says)
				}
			})
		})
	}
}

// failing fails with one error after the other; the last stays.
func failing(errs ...error) func() error {
	return func() error {
		err := errs[0]
		if len(errs) > 1 {
			errs = errs[1:]
		}
		return err
	}
}

func TestRetryEndsWithTheRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		begin := time.Now()
		err := (&outages{}).retry(ctx, failing(brokeOff, refused))
		if took := time.Since(begin); took != 10*time.Second || !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "reset by peer") {
			t.Errorf("after %v: %v; want the first cause after 10 s, as a time-out", took, err)
		}
	})
}

// The message says how long was waited, also where the run ends during the first pause.
func TestRetryTellsHowLongItWaited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		err := (&outages{}).retry(ctx, failing(apierrors.NewTooManyRequests("busy", 86400)))
		if err == nil || !strings.Contains(err.Error(), "busy (tried for 10s)") {
			t.Errorf("error %v", err)
		}
	})
}

// An outage is waited for once by all requests; a success ends it.
func TestOutageIsShared(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var o outages
		begin := time.Now()
		errs := concurrent.Map(parallel, make([]int, 5*parallel), func(int) error { return o.retry(t.Context(), failing(refused)) })
		if took := time.Since(begin); took > serverAway.patience+5*time.Second {
			t.Errorf("all requests together took %v", took)
		}
		if last := errs[len(errs)-1]; last == nil || !strings.Contains(last.Error(), "tried for 2m0") {
			t.Errorf("the last says %v", last)
		}
		if err := o.retry(t.Context(), failing(nil)); err != nil {
			t.Error(err)
		}
		begin = time.Now()
		if err := o.retry(t.Context(), failing(refused)); err == nil || time.Since(begin) < serverAway.patience {
			t.Errorf("the next outage was given up after %v: %v", time.Since(begin), err)
		}
	})
}

func TestTroubleOf(t *testing.T) {
	forbidden := func(message string) error {
		return apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "a", errors.New(message))
	}
	terminating := forbidden("unable to create new content in namespace x because it is being terminated")
	terminating.(*apierrors.StatusError).ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause, Message: "namespace x is being terminated"}}
	internal := func(message string) error { return apierrors.NewInternalError(errors.New(message)) }
	for _, test := range []struct {
		err  error
		want string // what is in trouble; "" where it does not pass
	}{
		{refused, server},
		{&url.Error{Op: "Get", URL: "https://a", Err: &AnswerError{Request: "GET /a"}}, ""},
		{fmt.Errorf("read: %w", &AnswerError{Request: "GET /a"}), ""},
		{undecodable(errors.New("couldn't get version/kind; json parse error: unexpected end of JSON input")), server},
		{undecodable(errors.New("couldn't get version/kind; json parse error: invalid character '<'")), "the answers of the API server"},
		{fmt.Errorf("read: %w", context.DeadlineExceeded), server},
		{&url.Error{Op: "Get", URL: "https://a", Err: http.ErrSchemeMismatch}, ""},
		{&url.Error{Op: "Get", URL: "https://a", Err: errors.New("getting credentials: exec: no such program")}, "the credentials"},
		{apierrors.NewServiceUnavailable("away"), server},
		{apierrors.NewGenericServerResponse(502, "get", schema.GroupResource{}, "", "", 0, true), server},
		{internal("etcdserver: leader changed"), server},
		{internal("failed to create typed patch object (a; v1, Kind=ConfigMap)"), ""},
		{internal(`admission webhook "w" denied the request: no`), ""},
		{internal(`failed calling webhook "w": failed to call webhook: Post "https://w.x.svc": connection refused`), "webhook w"},
		{internal(`conversion webhook for example.org/v1, Kind=A failed: Post "https://w.x.svc": connection refused`), "webhook example.org/v1, Kind=A"},
		{forbidden("no"), ""},
		{forbidden(`RBAC: clusterrole.rbac.authorization.k8s.io "x" not found`), "authorization"},
		{terminating, "namespace x is being terminated"},
		{raced(apierrors.NewAlreadyExists(schema.GroupResource{}, "a")), "an object written twice at once"},
		{raced(apierrors.NewConflict(schema.GroupResource{}, "a", errors.New("the object has been modified"))), "an object written twice at once"},
		{raced(apierrors.NewApplyConflict([]metav1.StatusCause{{Type: metav1.CauseTypeFieldManagerConflict}}, "conflict")), ""},
		{apierrors.NewInvalid(schema.GroupKind{}, "a", nil), ""},
		{apierrors.NewInvalid(schema.GroupKind{}, "a", field.ErrorList{field.Invalid(field.NewPath("spec"), "10.0.0.10", "failed to allocate IP 10.0.0.10: provided IP is already allocated")}), "the address of a Service"},
		{errors.New("name is required"), ""},
	} {
		got, passes := troubleOf(test.err)
		if passes != (test.want != "") || passes && got.with != test.want {
			t.Errorf("%v: %q, passes %v; want %q", test.err, got.with, passes, test.want)
		}
	}
}
