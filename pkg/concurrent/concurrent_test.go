package concurrent_test

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
)

// Results come in the order of the items, whichever ends first; as many calls as the limit run at once, and no more.
func TestMap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var now, most atomic.Int32
		got := concurrent.Map(3, []int{5, 4, 3, 2, 1}, func(n int) int {
			most.Store(max(most.Load(), now.Add(1)))
			time.Sleep(time.Duration(n) * time.Second)
			now.Add(-1)
			return 10 * n
		})
		if !slices.Equal(got, []int{50, 40, 30, 20, 10}) || most.Load() != 3 {
			t.Errorf("results %v, %d at once", got, most.Load())
		}
	})
	if got := concurrent.Map(1, nil, func(int) int { return 1 }); len(got) != 0 {
		t.Errorf("of nothing: %v", got)
	}
}

func TestSleep(t *testing.T) {
	stopped := errors.New("stopped")
	for name, c := range map[string]struct {
		stop time.Duration // when the context ends
		took time.Duration
		want error
	}{
		"all of it":    {stop: time.Hour, took: time.Minute},
		"the run ends": {stop: time.Second, took: time.Second, want: stopped},
		"ended before": {stop: -1, want: stopped},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				if c.stop < 0 {
					cancel(stopped)
				} else {
					timer := time.AfterFunc(c.stop, func() { cancel(stopped) })
					defer timer.Stop()
				}
				start := time.Now()
				err := concurrent.Sleep(ctx, time.Minute)
				if took := time.Since(start); !errors.Is(err, c.want) || took != c.took {
					t.Errorf("%v after %s, want %v after %s", err, took, c.want, c.took)
				}
			})
		})
	}
}
