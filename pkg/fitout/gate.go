package fitout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// firstLook is how soon a gate looks for the second time; then ever later, up to Timing.Poll.
const firstLook = 100 * time.Millisecond

// gate waits until every object of a wave is ready, or cannot be before a node joins. When the time is up, the error says
// what it was waiting for.
func gate(ctx context.Context, cluster Cluster, kinds manifest.Kinds, w wave.Wave, t Timing, waiting func([]check.Row)) error {
	if !check.Gated(w.Objects) {
		return nil
	}
	var last []check.Row
	for wait := firstLook; ; wait = min(2*wait, t.Poll) {
		snapshot, err := cluster.Observe(ctx, kinds, w.Objects)
		if err == nil {
			if last = check.Unmet(check.Gate(w.Objects, snapshot)); len(last) == 0 {
				return nil
			}
			waiting(last)
		}
		switch {
		case err == nil && pause(ctx, wait):
		case len(last) > 0 && ctx.Err() != nil:
			return notReady(ctx.Err(), last)
		default:
			return err
		}
	}
}

// notReady is the error of a gate that was left: what it waited for and why that is not ready.
func notReady(cause error, unmet []check.Row) error {
	what := "not ready in time"
	if errors.Is(cause, context.Canceled) {
		what = "interrupted while waiting for"
	}
	var lines []string
	for _, r := range unmet {
		line := r.Detail
		if r.Remedy != "" {
			line += "; " + r.Remedy
		}
		lines = append(lines, line)
	}
	return fmt.Errorf("%s: %s", what, strings.Join(lines, "\n"))
}

// pause waits, and reports whether the context is still good.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}
