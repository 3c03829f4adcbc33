package fitout

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
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
		unmet, snapshot, err := look(ctx, s.cluster, s.plan.Kinds, w)
		if err == nil {
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

// look observes what a gate waits for, and judges it. What the objects of the wave bring about, ready pods behind Services
// and definitions by controllers, is looked at once these objects are ready.
func look(ctx context.Context, cluster Cluster, kinds manifest.Kinds, w wave.Wave) (unmet []check.Row, s check.Snapshot, err error) {
	if s, err = cluster.Observe(ctx, kinds, w.Objects); err != nil {
		return nil, s, err
	}
	rows := check.Gate(w.Objects, s)
	if check.Overall(rows) != check.Good {
		return check.Unmet(rows), s, nil
	}
	rows = check.Backing(w.Backs, s)
	if len(w.Creates) > 0 {
		created, err := cluster.Observe(ctx, kinds, w.Creates)
		if err != nil {
			return nil, s, err
		}
		rows = append(rows, check.Created(w.Creates, created)...)
	}
	return check.Unmet(rows), s, nil
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
	return &gateError{what, lines}
}

// A gateError is why a gate was left: what it waited for, and below each what is known of it.
type gateError struct {
	what  string
	lines []string
}

func (e *gateError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are those of the error.
func (e *gateError) Lines() []string {
	lines := slices.Clone(e.lines)
	lines[0] = e.what + ": " + lines[0]
	return lines
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
