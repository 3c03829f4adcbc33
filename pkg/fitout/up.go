package fitout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// A Cluster is what the front door needs of a running cluster. Package cluster has the real one.
type Cluster interface {
	// Facts asks the cluster about itself.
	Facts(ctx context.Context) (clusterfile.Facts, error)
	// Apply makes live objects what the given ones say; changes are complete also where it fails.
	Apply(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) ([]report.Change, error)
	// Observe fetches the live state of objects, with nodes, pods and storage classes.
	Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (check.Snapshot, error)
}

// Progress is told what a run does. Waves are counted from 0.
type Progress interface {
	Planned(p *Plan)
	Applying(wave int)
	Applied(wave int, changes []report.Change)
	Waiting(wave int, unmet []check.Row)
	Done(wave int, took time.Duration, failed bool)
	Checking(rows []check.Row)
}

// Timing is how long a run waits.
type Timing struct {
	Timeout time.Duration // for the whole run
	Poll    time.Duration // between two observations
	Settle  time.Duration // for what is still unmet after the last wave
}

// DefaultTiming is what the command takes.
var DefaultTiming = Timing{Timeout: 10 * time.Minute, Poll: time.Second, Settle: time.Minute}

// Apply applies a plan wave by wave, each once the one before is ready. The report is complete also where it fails; the
// error is of applying or of waiting.
func Apply(ctx context.Context, cluster Cluster, p *Plan, t Timing, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, t.Timeout)
	defer cancel()
	r := p.report()
	progress.Planned(p)
	if err := run(ctx, cluster, p, t, progress, r); err != nil {
		r.Error = err.Error()
		return r, err
	}
	r.Verdict = check.Good
	return r, nil
}

// Up applies a plan and checks the result. The check runs also where applying failed, so that the report says how far
// the cluster is; it does not where the run was interrupted.
func Up(ctx context.Context, cluster Cluster, p *Plan, t Timing, progress Progress) (*report.Report, error) {
	start := time.Now()
	r, applyErr := Apply(ctx, cluster, p, t, progress)
	if ctx.Err() != nil {
		r.Verdict = check.Failed
		return r, applyErr
	}
	t.Settle = min(t.Settle, t.Timeout-time.Since(start))
	checked, err := Check(ctx, cluster, p, t, progress)
	r.Checks, r.Verdict = checked.Checks, checked.Verdict
	if applyErr != nil {
		r.Verdict = check.Failed
		return r, applyErr
	}
	return r, err
}

// Check judges a cluster by a plan. Where something is unmet that may yet come right, it looks again until Settle has
// passed.
func Check(ctx context.Context, cluster Cluster, p *Plan, t Timing, progress Progress) (*report.Report, error) {
	r := p.report()
	settled := time.Now().Add(t.Settle)
	for {
		observing, cancel := context.WithTimeout(ctx, observeTimeout)
		snapshot, err := cluster.Observe(observing, p.Kinds, p.objects())
		cancel()
		if err != nil {
			r.Error = err.Error()
			return r, err
		}
		r.Checks = check.Judge(p.judged(), snapshot)
		r.Verdict = check.Overall(r.Checks)
		if !check.MaySettle(r.Checks) || !time.Now().Before(settled) || !pause(ctx, t.Poll) {
			return r, nil
		}
		progress.Checking(r.Checks)
	}
}

// observeTimeout bounds one observation, so that a hung API server costs its deadline and not the run.
const observeTimeout = 30 * time.Second

// run applies all waves.
func run(ctx context.Context, cluster Cluster, p *Plan, t Timing, progress Progress, r *report.Report) error {
	for i, w := range p.Waves {
		start := time.Now()
		progress.Applying(i)
		changes, err := cluster.Apply(ctx, p.Kinds, w.Objects)
		progress.Applied(i, changes)
		if err == nil {
			err = gate(ctx, cluster, p.Kinds, w, t, func(unmet []check.Row) { progress.Waiting(i, unmet) })
		}
		took := time.Since(start)
		r.Waves = append(r.Waves, report.Wave{Name: w.Name, Seconds: took.Seconds(), Changes: changes})
		progress.Done(i, took, err != nil)
		if err != nil {
			return fmt.Errorf("wave %s: %w", w.Name, err)
		}
	}
	return nil
}

// gate waits until every object of a wave is ready, or cannot be before a node joins. When the time is up, the error says
// what it was waiting for.
func gate(ctx context.Context, cluster Cluster, kinds manifest.Kinds, w wave.Wave, t Timing, waiting func([]check.Row)) error {
	if !check.Gated(w.Objects) {
		return nil
	}
	var last []check.Row
	for {
		snapshot, err := cluster.Observe(ctx, kinds, w.Objects)
		if err == nil {
			if last = check.Unmet(check.Gate(w.Objects, snapshot)); len(last) == 0 {
				return nil
			}
			waiting(last)
		}
		switch {
		case err == nil && pause(ctx, t.Poll):
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
