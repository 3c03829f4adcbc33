package fitout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// firstLook is how soon a gate looks for the second time; then ever later, up to Timing.Poll.
const firstLook = 100 * time.Millisecond

// gate waits until every object of a wave is ready, or cannot be before a node joins. It ends early where something is
// not ready for a cause that does not pass by itself. The error says what it was waiting for, and why that is not ready.
func (s *session) gate(ctx context.Context, i int, w wave.Wave) error {
	if !check.Gated(w.Objects) {
		return nil
	}
	var last []check.Row
	doctor := newDoctor(s.cluster, time.Now(), s.progress.Note)
	for wait := firstLook; ; wait = min(2*wait, s.options.Poll) {
		snapshot, err := s.cluster.Observe(ctx, s.plan.Kinds, w.Objects)
		if err == nil {
			rows := check.Gate(w.Objects, snapshot)
			if check.Overall(rows) == check.Good {
				rows = check.Backing(w.Backs, snapshot)
			}
			unmet := check.Unmet(rows)
			if len(unmet) == 0 {
				return nil
			}
			s.progress.Waiting(i, unmet)
			diagnosed, hopeless := doctor.hopeless(ctx, unmet, snapshot, time.Now())
			if hopeless {
				return notReady("will not become ready", diagnosed)
			}
			last = remembered(last, diagnosed)
		}
		switch {
		case err == nil && pause(ctx, wait):
		case len(last) > 0 && errors.Is(ctx.Err(), context.Canceled):
			return notReady("interrupted while waiting for", last)
		case len(last) > 0 && ctx.Err() != nil:
			return notReady("not ready in time", last)
		default:
			return err
		}
	}
}

// remembered gives rows that were not diagnosed just now the digests of the last time.
func remembered(last, rows []check.Row) []check.Row {
	for i, r := range rows {
		at := slices.IndexFunc(last, func(l check.Row) bool { return l.About == r.About })
		if r.Digest == nil && at >= 0 {
			rows[i].Digest = last[at].Digest
		}
	}
	return rows
}

// notReady is the error of a gate that was left: what it waited for and why that is not ready.
func notReady(what string, unmet []check.Row) error {
	var lines []string
	for _, r := range unmet {
		line := r.Detail
		if r.Remedy != "" {
			line += "; " + r.Remedy
		}
		lines = append(lines, line)
		if r.Digest != nil {
			for _, l := range r.Digest.Lines() {
				lines = append(lines, "  "+l)
			}
		}
	}
	return fmt.Errorf("%s: %s", what, strings.Join(lines, "\n"))
}

// pause waits, and reports whether the context is still good.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return ctx.Err() == nil
	}
}
