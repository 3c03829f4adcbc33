package cluster

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/kubernetes/scheme"
)

var rawSerializer runtime.NegotiatedSerializer = scheme.Codecs.WithoutConversion()

const (
	// requestTimeout is the most that one try of a request may take, so that a hung server or connection costs this and
	// not the run.
	requestTimeout = 30 * time.Second
	// The pause after the n-th failure is random, up to firstPause * 2^n and lastPause: clients that failed together do
	// not come back together.
	firstPause = 200 * time.Millisecond
	lastPause  = 5 * time.Second
)

// outages is what the requests of a client know together of troubles that pass by themselves: when each began. One that
// outlasts its patience is waited for once, and not once for each object.
type outages struct {
	mu    sync.Mutex
	began map[string]time.Time // by what is in trouble
	met   func(what string, cause error)
}

// retry calls f until it succeeds, fails for good, or the same trouble has outlasted its patience. Every call that Fitout
// makes may be made twice: applying again what was applied changes nothing. The error names the first cause, and how
// long it was tried.
func (o *outages) retry(ctx context.Context, f func() error) error {
	var met attempt
	for {
		err := f()
		if err == nil {
			o.over(met.trouble)
			return nil
		}
		if ctx.Err() != nil {
			return met.end(err, ctx.Err())
		}
		t, passes := troubleOf(err)
		if !passes {
			return err
		}
		met.add(t, err)
		met.lasted = max(o.age(t, reason(err)), time.Since(met.began))
		left := t.patience - met.lasted
		if left <= 0 {
			return met.end(err, nil)
		}
		if concurrent.Sleep(ctx, min(met.pause(err), max(left, firstPause))) != nil {
			return met.end(err, ctx.Err())
		}
	}
}

// age returns how long a trouble has lasted for any request, and tells of a new one. One that nobody has asked about for long is a new one.
func (o *outages) age(t trouble, cause error) time.Duration {
	o.mu.Lock()
	defer o.mu.Unlock()
	began, known := o.began[t.with]
	if age := time.Since(began); known && age < 2*t.patience {
		return age
	}
	if o.met != nil {
		o.met(t.with, cause)
	}
	if o.began == nil {
		o.began = map[string]time.Time{}
	}
	o.began[t.with] = time.Now()
	return 0
}

// over forgets the trouble that a request had before it succeeded, and that of the server: it has answered.
func (o *outages) over(t trouble) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.began, t.with)
	delete(o.began, server)
}

// attempt is one request with the failures that it met, of the trouble that it is in now.
type attempt struct {
	trouble trouble
	began   time.Time
	lasted  time.Duration // by the last failure
	tries   int
	cause   error
}

// add counts a failure; another trouble than before begins anew. The first failure is the cause, but for what only tells
// with time why it lasts.
func (a *attempt) add(t trouble, err error) {
	if a.tries == 0 || t.with != a.trouble.with {
		*a = attempt{trouble: t, began: time.Now(), cause: err}
	}
	if t.patience == endless {
		a.cause = err
	}
	a.tries++
}

// pause is how long to wait before the next try: at least as long as the server asks for, in bounds.
func (a *attempt) pause(err error) time.Duration {
	pause := rand.N(min(firstPause<<min(a.tries, 10), lastPause))
	if seconds, ok := apierrors.SuggestsClientDelay(err); ok {
		pause = max(pause, min(time.Duration(seconds)*time.Second, longestPause))
	}
	return pause
}

// end is the error of a request that is given up. ended says why the run is over, where it is.
func (a *attempt) end(err, ended error) error {
	if a.tries == 0 {
		return err
	}
	if ended != nil { // while it waited for the next try
		a.lasted = max(a.lasted, time.Since(a.began))
	}
	effort := fmt.Sprintf("tried for %v", a.lasted.Round(100*time.Millisecond))
	if a.trouble.remedy == "" && ended == nil {
		return fmt.Errorf("%w (%s)", err, effort)
	}
	return &gaveUpError{text: fmt.Sprintf("%v (%s)%s", reason(a.cause), effort, a.trouble.remedy), ended: ended}
}

// A gaveUpError is a request that was tried again until patience or the run was at its end. It hides the API's own error
// type: what that stands for (a right that lacks) is not what is wrong.
type gaveUpError struct {
	text  string
	ended error
}

func (e *gaveUpError) Error() string { return e.text }

// Unwrap tells a run that was interrupted or out of time. It is a list, so that nobody takes that for the root cause.
func (e *gaveUpError) Unwrap() []error { return []error{e.ended} }
