// Package concurrent does things at the same time, within a bound, and waits no longer than a context lasts.
package concurrent

import (
	"context"
	"sync"
	"time"
)

// Map calls f for every item, at most limit at once, and returns the results in the order of the items.
func Map[T, R any](limit int, items []T, f func(T) R) []R {
	results := make([]R, len(items))
	slots := make(chan struct{}, limit)
	var wg sync.WaitGroup
	for i, item := range items {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			results[i] = f(item)
		})
	}
	wg.Wait()
	return results
}

// Sleep waits. It ends early, with the reason, when the context does.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
	return context.Cause(ctx)
}
