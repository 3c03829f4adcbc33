package fitout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// firstLook is how soon a gate looks for the second time; then ever later, up to Timing.Poll.
const firstLook = 100 * time.Millisecond

// gate waits until every object of a wave is ready, or cannot be before a node joins. It does not wait for nodes that are
// out, and returns what is not ready for their sake. It ends early where something is not ready for a cause that does not
// pass by itself. The error says what it was waiting for, and why that is not ready.
func (s *session) gate(ctx context.Context, i int, w wave.Wave) (without []string, err error) {
	if !check.Gated(w.Objects) {
		return nil, nil
	}
	seen, err := s.await(ctx, i, func(ctx context.Context) (sight, error) { return s.look(ctx, w) })
	if err != nil {
		return nil, err
	}
	return s.opened(w, seen), nil
}

// A stopError ends a wait: looking again does not help.
type stopError struct{ error }

func (e *stopError) Unwrap() error { return e.error }

// await looks until nothing is unmet, ever less often.
func (s *session) await(ctx context.Context, i int, look func(context.Context) (sight, error)) (sight, error) {
	var last []check.Row
	diagnosis := newWaitDiagnoser(s.cluster, s.plan.Diagnoses(), time.Now(), s.progress.Note)
	for wait := firstLook; ; wait = min(2*wait, s.options.Poll) {
		seen, err := look(ctx)
		if err == nil {
			if len(seen.unmet) == 0 {
				return seen, nil
			}
			s.progress.Waiting(i, seen.unmet)
			diagnosed, terminal := diagnosis.terminal(ctx, seen.unmet, seen.snapshot, time.Now())
			if terminal {
				return seen, notReady("will not become ready", diagnosed)
			}
			last = remembered(last, diagnosed)
		}
		switch {
		case err == nil && concurrent.Sleep(ctx, wait) == nil:
		case errors.As(err, new(*stopError)):
			return seen, err
		case len(last) > 0 && errors.Is(ctx.Err(), context.Canceled):
			return seen, notReady("interrupted while waiting for", last)
		case len(last) > 0 && ctx.Err() != nil:
			return seen, notReady("not ready in time", last)
		default:
			return seen, err
		}
	}
}

// A sight is what one look at a gate found.
type sight struct {
	snapshot  observed.Snapshot
	unmet     []check.Row       // what the gate waits for
	tolerated []check.Row       // what is unmet, and the gate opens without
	out       map[string]string // nodes that it does not wait for, and why
}

// look observes what a gate waits for, and judges it. What the objects of the wave bring about, ready pods behind Services
// and definitions by controllers, is looked at once these objects are ready.
func (s *session) look(ctx context.Context, w wave.Wave) (seen sight, err error) {
	if seen.snapshot, err = s.cluster.Observe(ctx, s.plan.Kinds, w.Objects); err != nil {
		return seen, err
	}
	seen.out = s.outages.Out(seen.snapshot.Nodes, time.Now())
	tolerance := check.Tolerance{Out: seen.out, MinReady: s.options.MinReady}
	rows := check.Tolerate(check.Gate(w.Objects, seen.snapshot), seen.snapshot, tolerance)
	rows = slices.DeleteFunc(rows, func(r check.Row) bool {
		if r.Tolerated {
			seen.tolerated = append(seen.tolerated, r)
		}
		return r.Tolerated
	})
	if check.Overall(rows) != check.Good {
		seen.unmet = check.Unmet(rows)
		return seen, nil
	}
	rows = check.Backing(w.Backs, seen.snapshot)
	if len(w.Creates) > 0 {
		created, err := s.cluster.Observe(ctx, s.plan.Kinds, w.Creates)
		if err != nil {
			return seen, err
		}
		rows = append(rows, check.Created(w.Creates, created)...)
	}
	seen.unmet = check.Unmet(rows)
	return seen, nil
}

// opened says what a gate has opened without: each node once in a run, and what is not ready.
func (s *session) opened(w wave.Wave, seen sight) (without []string) {
	if len(seen.tolerated) == 0 {
		return nil
	}
	for _, node := range slices.Sorted(maps.Keys(seen.out)) {
		if !s.told[node] {
			s.told[node] = true
			s.progress.Note(fmt.Sprintf("going on without node %s, which %s; run fitout up again once it is ready or deleted", node, seen.out[node]))
		}
	}
	for _, r := range seen.tolerated {
		s.progress.Note(fmt.Sprintf("wave %s goes on without all of %s", w.Name, r.Detail))
		without = append(without, r.Detail)
	}
	return without
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
