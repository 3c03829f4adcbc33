package fitout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/wave"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
)

// A session is one run that applies: what it knows of the cluster, and how far it has come.
//
// The record of what is in the cluster (package inventory) is written before the first object, with everything that may be
// there from then on, and after the last. A run that is killed at any moment leaves a record from which the next one goes
// on; it never leaves an object that no record has.
type session struct {
	cluster  Cluster
	plan     *Plan
	options  Options
	progress Progress
	report   *report.Report

	target *inventory.Inventory // what the record is to say at the end, but for UIDs
	record *inventory.Inventory // what it says now; nil where there is none
	known  inventory.Known
	waves  []wave.Wave // with what local edits add
	uids   map[manifest.ID]types.UID

	refused *RefusedError // what a dry run found that a run would be refused for
}

// run applies what is missing. A run that finds everything as it should be neither locks nor writes.
func (s *session) run(ctx context.Context) error {
	if err := s.read(ctx); err != nil {
		return err
	}
	if s.options.DryRun {
		if err := s.apply(ctx); err != nil || s.refused == nil {
			return err
		}
		return s.refused
	}
	if s.settled() {
		return s.apply(ctx)
	}
	ctx, release, waited, err := lock(ctx, s.cluster, s.options, s.progress)
	if err != nil {
		return err
	}
	defer release()
	if waited {
		if err := s.read(ctx); err != nil {
			return err
		}
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.apply(ctx); err != nil {
		return errors.Join(err, lost(ctx))
	}
	return s.end(ctx)
}

// lock takes the cluster's lock, and says once whom it waits for.
func lock(ctx context.Context, cluster Cluster, o Options, progress Progress) (locked context.Context, release func(), waited bool, err error) {
	locked, release, err = cluster.Lock(ctx, o.LockTimeout, func(holder string) {
		if !waited {
			progress.Note(fmt.Sprintf("waiting for %s, which is changing the cluster", holder))
		}
		waited = true
	})
	return locked, release, waited, err
}

// lost is why a context ended, where that was not the time-out or the user.
func lost(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return cause
	}
	return nil
}

// read finds out what is in the cluster, and refuses what cannot be done before anything is touched.
func (s *session) read(ctx context.Context) (err error) {
	if s.record, err = s.cluster.Inventory(ctx); err != nil {
		return err
	}
	s.known = inventory.Known{Conflicts: s.plan.conflicts(s.options.Conflicts), Adopt: map[manifest.ID]bool{}, Recreate: map[manifest.ID]bool{}}
	// Without a record, what is there is of other tools; it must be known before any of it is touched.
	everything := s.record == nil || s.options.Adopt || s.options.DryRun
	if s.known.Live, err = s.cluster.Live(ctx, s.plan.Kinds, s.plan.Rendering.Objects(), everything); err != nil {
		return err
	}
	if err := s.adopt(); err != nil {
		return err
	}
	if err := s.keepEdits(); err != nil {
		return err
	}
	if err := s.foresee(); err != nil {
		return err
	}
	if s.target, err = s.plan.target(s.waves, s.options.Version); err != nil {
		return err
	}
	s.known.Settled = s.known.SettledIn(s.record, s.target, s.objects())
	return nil
}

// objects are those of the waves.
func (s *session) objects() []*manifest.Object {
	var all []*manifest.Object
	for _, w := range s.waves {
		all = append(all, w.Objects...)
	}
	return all
}

// settled reports whether there is nothing to do: the last run was of the same target and complete, every object still is
// as it was applied, and nothing else is there that may be removed.
func (s *session) settled() bool {
	if s.record == nil || s.record.State != inventory.Complete || s.record.Target != s.target.Target || s.record.Fitout != s.target.Fitout {
		return false
	}
	for _, o := range s.objects() {
		if !s.known.Settled[manifest.IDOf(o)] {
			return false
		}
	}
	return !slices.ContainsFunc(s.record.Orphans(s.target), func(e inventory.Entry) bool { return s.prunable(e) || !e.Orphaned })
}

// begin records what is about to be applied, before the first object is.
func (s *session) begin(ctx context.Context) error {
	intent := inventory.Intent(s.record, s.target)
	if s.record != nil && s.record.Same(intent) {
		return nil
	}
	if err := s.cluster.Record(ctx, intent); err != nil {
		if apierrors.IsConflict(err) || apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("%w; another run has changed it just now, run the same command again", err)
		}
		return err
	}
	s.record = intent
	return nil
}

// end records what has been applied.
func (s *session) end(ctx context.Context) error {
	var kept []inventory.Entry
	for _, e := range s.record.Orphans(s.target) {
		if !s.prunable(e) {
			kept = append(kept, e)
		}
	}
	s.record = s.record.Applied(s.target, s.uids, kept)
	return s.cluster.Record(ctx, s.record)
}

// apply applies all waves and prunes.
func (s *session) apply(ctx context.Context) error {
	orphans := s.orphans()
	names := make([]string, 0, len(s.waves)+1)
	for _, w := range s.waves {
		names = append(names, w.Name)
	}
	if len(orphans) > 0 {
		names = append(names, "prune")
	}
	s.progress.Waves(names)
	s.uids = map[manifest.ID]types.UID{}
	for i, w := range s.waves {
		if err := s.step(ctx, i, w.Name, func() ([]report.Change, error) { return s.applyWave(ctx, i, w) }); err != nil {
			return err
		}
	}
	if len(orphans) == 0 {
		return nil
	}
	return s.step(ctx, len(s.waves), "prune", func() ([]report.Change, error) {
		changes, err := s.prune(ctx, orphans)
		s.applied(len(s.waves), changes)
		return changes, err
	})
}

// step does one wave and accounts for it.
func (s *session) step(ctx context.Context, i int, name string, do func() ([]report.Change, error)) error {
	start := time.Now()
	s.progress.Applying(i)
	changes, err := do()
	took := time.Since(start)
	s.report.Waves = append(s.report.Waves, report.Wave{Name: name, Seconds: took.Seconds(), Changes: append([]report.Change{}, changes...)})
	s.progress.Done(i, took, err != nil)
	if err != nil {
		return fmt.Errorf("wave %s: %w", name, err)
	}
	return ctx.Err()
}

// applyWave applies a wave and waits at its gate.
func (s *session) applyWave(ctx context.Context, i int, w wave.Wave) ([]report.Change, error) {
	objects, early, err := s.possible(ctx, w.Objects)
	if err != nil {
		return nil, err
	}
	changes, err := s.cluster.Apply(ctx, s.plan.Kinds, objects, s.known)
	changes = append(early, changes...)
	for _, c := range changes {
		s.uids[c.ID] = c.UID
	}
	s.applied(i, changes)
	if err != nil || s.options.DryRun {
		return changes, err
	}
	return changes, s.gate(ctx, i, w)
}

// applied tells what was done in a wave, and what there is to say of single objects.
func (s *session) applied(i int, changes []report.Change) {
	s.progress.Applied(i, changes)
	for _, c := range changes {
		for _, note := range c.Notes {
			s.progress.Note(note)
		}
	}
}
