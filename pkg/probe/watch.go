package probe

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// A Watching is what is asked again and again: each task so often in a second. A task's Timeout is that of one request;
// none is asked twice.
type Watching struct {
	Tasks []Task  `json:"tasks"`
	Rate  float64 `json:"rate"` // requests in a second, of each task
}

// MaxRate bounds the rate: a watch is to see the network, not to load it.
const MaxRate = 100

// WatchTimeout is the time of a request of a task that has none of its own.
const WatchTimeout = time.Second

// A Loss is what has become of the requests of a task so far.
type Loss struct {
	ID   string `json:"id"`
	Sent int    `json:"sent"` // that were answered or lost
	Lost int    `json:"lost"`
	// Gap is the longest time without an answer: from the first request of a row of lost ones to the next that was
	// answered, by when they were sent. Since is when it began.
	Gap   metav1.Duration `json:"gap"`
	Since time.Time       `json:"since,omitzero"`
	Error string          `json:"error,omitempty"` // of the last request that was lost

	gapSince time.Time // of the row of lost requests that goes on; zero where there is none
}

// Add counts a request by when it was sent, in the order of sending. why is empty where it was answered.
func (l *Loss) Add(sent time.Time, why string) {
	l.Sent++
	if why != "" {
		l.Lost++
		l.Error = why
		if l.gapSince.IsZero() {
			l.gapSince = sent
		}
	}
	l.stretch(sent)
	if why == "" {
		l.gapSince = time.Time{}
	}
}

// Plus is the loss of two watches of one task: gaps do not reach from one into the other.
func (l Loss) Plus(later Loss) Loss {
	sum := l
	sum.Sent, sum.Lost = l.Sent+later.Sent, l.Lost+later.Lost
	if later.Gap.Duration > l.Gap.Duration {
		sum.Gap, sum.Since = later.Gap, later.Since
	}
	if later.Error != "" {
		sum.Error = later.Error
	}
	return sum
}

// stretch lets a gap that goes on reach to a time.
func (l *Loss) stretch(to time.Time) {
	if gap := to.Sub(l.gapSince); !l.gapSince.IsZero() && gap > l.Gap.Duration {
		l.Gap.Duration, l.Since = gap, l.gapSince
	}
}

func (w Watching) validate() error {
	var errs []error
	if !(w.Rate > 0 && w.Rate <= MaxRate) {
		errs = append(errs, fmt.Errorf("the rate is %v; give a number above 0, up to %d", w.Rate, MaxRate))
	}
	for _, t := range w.Tasks {
		errs = append(errs, t.validate())
	}
	return errors.Join(errs...)
}

// Watch asks until ctx is done, waits for what it has asked, and tells of the losses so far every second and at its end,
// in the order of the tasks.
func Watch(ctx context.Context, w Watching, tell func([]Loss) error) error {
	if err := w.validate(); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	losses := make([]Loss, len(w.Tasks))
	var mu sync.Mutex
	var wg sync.WaitGroup
	for i, t := range w.Tasks {
		losses[i].ID = t.ID
		wg.Go(func() {
			t.repeat(ctx, time.Duration(float64(time.Second)/w.Rate), func(sent time.Time, why string) {
				mu.Lock()
				defer mu.Unlock()
				losses[i].Add(sent, why)
			})
		})
	}
	ended := make(chan struct{})
	go func() { wg.Wait(); close(ended) }()
	now := func() []Loss {
		mu.Lock()
		defer mu.Unlock()
		return append([]Loss{}, losses...)
	}
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ended:
			return tell(now())
		case <-ticker.C:
			if err := tell(now()); err != nil {
				return err
			}
		}
	}
}

// repeat asks at each interval, whether or not earlier requests have been answered, and tells of each in the order of
// sending.
func (t Task) repeat(ctx context.Context, interval time.Duration, tell func(sent time.Time, why string)) {
	type request struct {
		sent time.Time
		why  chan string
	}
	timeout := t.Timeout.Duration
	if timeout <= 0 {
		timeout = WatchTimeout
	}
	requests := make(chan request, int(timeout/interval)+2)
	go func() {
		defer close(requests)
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for ctx.Err() == nil {
			r := request{time.Now(), make(chan string, 1)}
			go func() { r.why <- t.lost(context.WithoutCancel(ctx), timeout) }()
			requests <- r
			select {
			case <-ctx.Done():
			case <-ticker.C:
			}
		}
	}()
	for r := range requests {
		tell(r.sent, <-r.why)
	}
}

// lost asks once and says why there was no answer; it is empty where there was one.
func (t Task) lost(ctx context.Context, timeout time.Duration) string {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	_, err := primitives[t.Kind](ctx, t)
	if err = timedOut(err, timeout); err != nil {
		return err.Error()
	}
	return ""
}
