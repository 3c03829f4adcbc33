package cluster_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/cluster"
	"k8s.io/client-go/rest"
)

// leaseServer is an API server in memory that has one Lease.
type leaseServer struct {
	mu      sync.Mutex
	lease   map[string]any // nil if there is none
	version int
	refused bool // updates of the Lease are forbidden
	hangs   bool // updates of the Lease are never answered
	down    bool // nothing is answered
	moves   bool // somebody changes the Lease all the time
	asked   int
}

func (s *leaseServer) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	hangs := s.hangs && r.Method == http.MethodPut || s.down
	s.mu.Unlock()
	if hangs {
		<-r.Context().Done()
		return nil, r.Context().Err()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.moves && s.lease != nil {
		s.version++
		s.lease["metadata"].(map[string]any)["resourceVersion"] = fmt.Sprint(s.version)
	}
	code, body := s.answer(r)
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: code, Status: http.StatusText(code), Request: r, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(bytes.NewReader(text))}, nil
}

func (s *leaseServer) answer(r *http.Request) (int, any) {
	if r.URL.Path == "/version" {
		return 200, map[string]any{"major": "1", "minor": "36", "gitVersion": "v1.36.4"}
	}
	var sent map[string]any
	if r.Body != nil {
		json.NewDecoder(r.Body).Decode(&sent) //nolint:errcheck // a GET has none
	}
	refuse := func(code int, reason string) (int, any) {
		return code, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code, "message": reason}
	}
	switch {
	case !strings.Contains(r.URL.Path, "/leases"):
		return refuse(404, "NotFound")
	case s.refused && r.Method == http.MethodPut:
		return refuse(403, "Forbidden")
	case r.Method == http.MethodPost && s.lease != nil:
		return refuse(409, "AlreadyExists")
	case r.Method != http.MethodPost && s.lease == nil:
		return refuse(404, "NotFound")
	case r.Method == http.MethodPut && sent["metadata"].(map[string]any)["resourceVersion"] != s.lease["metadata"].(map[string]any)["resourceVersion"]:
		return refuse(409, "Conflict")
	case r.Method == http.MethodDelete:
		s.lease = nil
		return 200, map[string]any{"kind": "Status", "apiVersion": "v1", "status": "Success"}
	case r.Method == http.MethodGet:
		return 200, s.lease
	}
	s.version++
	sent["metadata"].(map[string]any)["resourceVersion"] = fmt.Sprint(s.version)
	s.lease = sent
	return 200, sent
}

func (s *leaseServer) runner(t *testing.T, name string, gone bool) *cluster.Client {
	t.Helper()
	c, err := cluster.New(t.Context(), &rest.Config{Host: "http://cluster.example", Transport: s},
		cluster.Options{Holder: cluster.Holder{Identity: name, Gone: func(string) bool { return gone }}})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// The lock of a run that was killed is taken over once it has not been renewed for its time, and at once if it is known that the
// run has ended; that of one that goes on is not.
func TestLockOfTheDead(t *testing.T) {
	for name, test := range map[string]struct {
		lives, gone bool
		within      time.Duration // 0 if it is not taken over
		after       time.Duration
	}{
		"killed elsewhere": {false, false, 20 * time.Second, 15 * time.Second},
		"killed here":      {false, true, time.Second, 0},
		"at work":          {true, false, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &leaseServer{}
				_, release, err := server.runner(t, "first", false).Lock(t.Context(), 0, nobody)
				if err != nil {
					t.Fatal(err)
				}
				if !test.lives {
					kept := server.lease
					release()
					server.lease = kept
				}
				start := time.Now()
				_, second, err := server.runner(t, "second", test.gone).Lock(t.Context(), time.Minute, nobody)
				took := time.Since(start)
				var locked *cluster.LockedError
				switch {
				case test.within == 0 && (!errors.As(err, &locked) || locked.Holder != "first" || took < time.Minute):
					t.Errorf("after %v: %v", took, err)
				case test.within > 0 && (err != nil || took > test.within || took < test.after):
					t.Errorf("after %v: %v", took, err)
				}
				if err == nil {
					second()
				} else {
					release()
				}
			})
		})
	}
}

// A run that was paused while another took the lock ends at its next renewal; one whose lock somebody deleted takes it again.
func TestLockLost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &leaseServer{}
		locked, release, err := server.runner(t, "first", false).Lock(t.Context(), 0, nobody)
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		server.mu.Lock()
		server.lease = nil
		server.mu.Unlock()
		time.Sleep(6 * time.Second)
		if server.mu.Lock(); server.lease == nil || locked.Err() != nil {
			t.Error("the lock that somebody deleted is not taken again")
		}
		server.version++
		server.lease = map[string]any{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": map[string]any{"name": "fitout", "namespace": "kube-system", "resourceVersion": "77"},
			"spec": map[string]any{"holderIdentity": "second"}}
		server.mu.Unlock()
		time.Sleep(6 * time.Second)
		if locked.Err() == nil {
			t.Error("the run goes on although another has the lock")
		}
	})
}

// A run that cannot renew its lock although the API server answers ends before another can take the lock. An outage ends nothing.
func TestLockNotRenewed(t *testing.T) {
	for name, test := range map[string]struct {
		trouble func(*leaseServer)
		ends    bool
	}{
		"updates are forbidden": {func(s *leaseServer) { s.refused = true }, true},
		"updates hang":          {func(s *leaseServer) { s.hangs = true }, true},
		"an outage":             {func(s *leaseServer) { s.down = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				server := &leaseServer{}
				locked, release, err := server.runner(t, "first", false).Lock(t.Context(), 0, nobody)
				if err != nil {
					t.Fatal(err)
				}
				server.mu.Lock()
				test.trouble(server)
				server.mu.Unlock()
				time.Sleep(14 * time.Second)
				if ended := locked.Err() != nil; ended != test.ends {
					t.Errorf("after 14s: %v", context.Cause(locked))
				}
				if cause := context.Cause(locked); test.ends && !strings.HasSuffix(cause.Error(), "let this account update the Lease kube-system/fitout, and run the same command again") {
					t.Errorf("%v", cause)
				}
				release()
			})
		})
	}
}

// A Lease that somebody changes all the time is asked for once a second, for as long as --lock-timeout says.
func TestLockThatMoves(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server := &leaseServer{moves: true, lease: map[string]any{"apiVersion": "coordination.k8s.io/v1", "kind": "Lease", "metadata": map[string]any{"name": "fitout", "namespace": "kube-system", "resourceVersion": "7"},
			"spec": map[string]any{"holderIdentity": "mallory"}}}
		start := time.Now()
		_, _, err := server.runner(t, "first", false).Lock(t.Context(), 5*time.Second, nobody)
		var locked *cluster.LockedError
		if !errors.As(err, &locked) || time.Since(start) > 7*time.Second || server.asked > 20 {
			t.Errorf("after %v and %d requests: %v", time.Since(start), server.asked, err)
		}
		if err == nil || strings.Contains(err.Error(), "since") {
			t.Errorf("a Lease without a time has one: %v", err)
		}
	})
}
