package fitout

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/fitout-dev/fitout/pkg/wave"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// A session is one run that applies: it reads the cluster, decides what becomes of every object, and carries that out.
//
// The record of what is in the cluster (package inventory) is written before the first object, with everything that may be
// there from then on, and after the last. A run that is killed at any moment leaves a record from which the next one goes
// on; it never leaves an object that no record has.
type session struct {
	cluster  Cluster
	plan     *Plan
	options  ApplyOptions
	progress Progress
	report   *report.Report

	target  *inventory.Inventory // the record at the end of the run, without UIDs
	record  *inventory.Inventory // the record now; nil if there is none
	waves   []wave.Wave          // with what people keep in the objects
	changes *changeset.Set
	live    map[manifest.ID]*manifest.Object
	faults  []changeset.Refusal
	unknown map[schema.GroupKind]bool // kinds that a controller was still to define when the changes were decided
	uids    map[manifest.ID]types.UID
	outages *observed.Outages // of nodes, as the gates have seen them
	told    map[string]bool   // nodes that gates have opened without
	removed []report.Change   // the outcomes of the removals
	handed  []report.Change   // those of them that went before the rest

	upgrading bool                        // the plan is of a minor to come: objects are looked for in the versions that are recorded, too
	phase     upgrade.Phase               // of an upgrade; "" to apply everything
	judge     func(context.Context) error // says after preparing why the run is refused; nil for a run as asUpgrade has it
	canary    CanaryPlan                  // on which nodes the pods of the network are replaced first
	pods      PodDeleter                  // nil without a canary
}

// run makes the changes that are to be made. A run that finds nothing to do neither locks nor writes.
func (s *session) run(ctx context.Context) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	refused := s.refused(ctx)
	switch {
	case s.options.DryRun:
		err := s.apply(ctx)
		if refused != nil && conflictsOnly(err) {
			err = nil // the refusal names them
		}
		return errors.Join(err, refused)
	case refused != nil:
		return refused
	case s.settled():
		return s.apply(ctx)
	}
	if err := s.preflight(ctx); err != nil {
		return err
	}
	ctx, release, waited, err := lock(ctx, s.cluster, s.options.LockTimeout, s.progress)
	if err != nil {
		return err
	}
	defer release()
	if waited { // the other run has changed the cluster
		if err := s.prepare(ctx); err != nil {
			return err
		}
		if refused := s.refused(ctx); refused != nil {
			return refused
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

// conflictsOnly reports whether an error is of nothing but fields that others have set.
func conflictsOnly(err error) bool {
	switch e := err.(type) {
	case nil:
		return false
	case interface{ Unwrap() []error }:
		return !slices.ContainsFunc(e.Unwrap(), func(inner error) bool { return !conflictsOnly(inner) })
	case apierrors.APIStatus:
		return apierrors.IsConflict(err)
	case interface{ Unwrap() error }:
		return conflictsOnly(e.Unwrap())
	}
	return false
}

// refused is why the run may not make its changes.
func (s *session) refused(ctx context.Context) error {
	judge := s.judge
	if judge == nil {
		judge = s.asUpgrade
	}
	return cmp.Or(judge(ctx), refusal(s.changes))
}

// prepare reads the cluster and decides.
func (s *session) prepare(ctx context.Context) error {
	if err := s.read(ctx); err != nil {
		return err
	}
	s.keepEdits()
	existing, err := s.existing(ctx)
	if err != nil {
		return err
	}
	s.faults = append(s.faults, existing...)
	return s.decide(ctx)
}

// lock takes the cluster's lock, and says once whom it waits for.
func lock(ctx context.Context, cluster Cluster, patience time.Duration, progress Progress) (locked context.Context, release func(), waited bool, err error) {
	locked, release, err = cluster.Lock(ctx, patience, func(holder string) {
		if !waited {
			progress.Note(fmt.Sprintf("waiting for %s, which is changing the cluster", holder))
		}
		waited = true
	})
	return locked, release, waited, err
}

// lost is why a context ended, unless that was the time-out or the user.
func lost(ctx context.Context) error {
	if cause := context.Cause(ctx); cause != ctx.Err() {
		return cause
	}
	return nil
}

// read reads the record and the live objects. Objects that the record does not have are looked for whoever made them: they
// must be known before any of them is touched.
func (s *session) read(ctx context.Context) (err error) {
	if s.record, err = s.cluster.Inventory(ctx); err != nil {
		return err
	}
	recorded := map[manifest.ID]bool{}
	if s.record != nil {
		for _, e := range s.record.Entries {
			recorded[e.ID] = true
		}
	}
	s.live, err = s.cluster.Live(ctx, s.plan.Kinds, s.plan.Rendering.Objects(), func(id manifest.ID) bool {
		return s.options.Policies.Adopt || s.options.DryRun || !recorded[id]
	})
	if err != nil || !s.upgrading {
		return err
	}
	return s.missed(ctx)
}

// decide computes the changes.
func (s *session) decide(ctx context.Context) (err error) {
	if s.target, err = s.plan.target(s.waves, s.options.Version); err != nil {
		return err
	}
	for name, a := range s.target.Addons {
		a.Kept = s.plan.conflicts(s.options.Policies.Conflicts).Of(name) == changeset.Leave
		s.target.Addons[name] = a
	}
	if s.record != nil {
		recorded, err := s.cluster.Recorded(ctx, s.record.Orphans(s.target))
		if err != nil {
			return err
		}
		for id, o := range recorded {
			s.live[id] = o
		}
	}
	if s.unknown, err = s.undefined(ctx, s.plan.Rendering.Objects()); err != nil {
		return err
	}
	if err := s.compute(ctx); err != nil {
		return err
	}
	s.announce()
	return nil
}

// compute computes the changes from what was read.
func (s *session) compute(ctx context.Context) error {
	s.changes = changeset.Decide(s.input())
	if err := hold(ctx, s.cluster, s.changes); err != nil {
		return err
	}
	s.report.Set = s.changes
	return nil
}

// input is everything that the changes depend on, as it was read.
func (s *session) input() changeset.Input {
	policies := s.options.Policies
	policies.Conflicts = s.plan.conflicts(policies.Conflicts)
	return changeset.Input{
		Minor: s.plan.Cluster.Minor(), Addons: s.plan.Rendering.Addons, Waves: s.waves, Target: s.target, Record: s.record,
		Live: s.live, Undefined: s.unknown, ServerSide: s.cluster.ServerSide(), Faults: s.faults, Lost: s.plan.lost(), Options: policies,
	}
}

// announce says what of others is taken over or left, before anything is done.
func (s *session) announce() {
	for _, c := range s.changes.Changes {
		if c.Action == changeset.Adopt {
			s.progress.Note(fmt.Sprintf("adopting %s: installed by %s", c.ID, c.Installer))
		}
		if len(c.Refusals) == 0 {
			for _, line := range c.Lost {
				s.progress.Note(fmt.Sprintf("lost in %s: %s", c.ID, line))
			}
		}
	}
}

// settled reports whether there is nothing to do: nothing changes, and the record says that the last run was of the same
// target and complete.
func (s *session) settled() bool {
	if s.record == nil || s.record.Target != s.target.Target || s.record.Fitout != s.target.Fitout || !maps.Equal(s.record.Addons, s.target.Addons) || !s.changes.Empty() {
		return false
	}
	return s.record.State == inventory.Complete || s.partial() && s.record.State == inventory.Upgrading && s.record.Phase == string(s.phase)
}

// partial reports whether the run applies a part of the plan only.
func (s *session) partial() bool { return s.phase != "" && s.phase != upgrade.AfterNodes }

// begin records what is about to be applied, before the first object is.
func (s *session) begin(ctx context.Context) error {
	live := map[manifest.ID]types.UID{}
	for id, o := range s.live {
		live[id] = o.GetUID()
	}
	intent := inventory.Intent(s.record, s.target, live)
	intent.Phase = string(s.phase)
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

// end records what has been applied. Objects that are no longer wanted stay in the record as long as they are Fitout's.
func (s *session) end(ctx context.Context) error {
	if s.partial() {
		s.record = s.record.Reached(s.target, s.uids)
		return s.cluster.Record(ctx, s.record)
	}
	s.keep(ctx)
	s.record = s.record.Applied(s.target, s.uids, remaining(s.changes, s.removed))
	return s.cluster.Record(ctx, s.record)
}

// apply carries out the changes, wave by wave, then the removals.
func (s *session) apply(ctx context.Context) error {
	names := slices.Clone(s.changes.Waves)
	if len(s.changes.Removals) > 0 {
		names = append(names, "prune")
	}
	s.progress.Waves(names)
	s.handed = nil
	s.uids, s.told = map[manifest.ID]types.UID{}, map[string]bool{}
	for i, w := range s.waves {
		if err := s.step(ctx, i, w.Name, func() (report.Wave, error) { return s.applyWave(ctx, i, w) }); err != nil {
			return err
		}
	}
	if len(s.changes.Removals) == 0 {
		return nil
	}
	return s.step(ctx, len(s.waves), "prune", func() (report.Wave, error) {
		changes, err := removeAll(ctx, s.cluster, s.changes, s.notHanded(), s.options.DryRun)
		s.removed = append(s.handed, changes...)
		s.applied(len(s.waves), changes)
		return report.Wave{Changes: changes}, err
	})
}

// step does one wave and accounts for it.
func (s *session) step(ctx context.Context, i int, name string, do func() (report.Wave, error)) error {
	start := time.Now()
	s.progress.Applying(i)
	done, err := do()
	took := time.Since(start)
	done.Name, done.Seconds, done.Changes = name, took.Seconds(), append([]report.Change{}, done.Changes...)
	s.report.Waves = append(s.report.Waves, done)
	s.progress.Done(i, took, err != nil)
	if err != nil {
		return fmt.Errorf("wave %s: %w", name, err)
	}
	return ctx.Err()
}

// applyWave applies a wave and waits at its gate.
func (s *session) applyWave(ctx context.Context, i int, w wave.Wave) (done report.Wave, err error) {
	planned, early, err := s.deferUnservable(ctx, s.changes.OfWave(i))
	if err != nil {
		return done, err
	}
	handed, err := s.handOver(ctx, planned)
	early = append(early, handed...)
	if err != nil {
		done.Changes = early
		return done, err
	}
	rest := planned
	if held := s.held(planned); len(held) > 0 {
		var first []report.Change
		first, rest, err = s.applyCanary(ctx, i, planned, held)
		early = append(early, first...)
	}
	var changes []report.Change
	if err == nil {
		changes, err = s.cluster.Apply(ctx, s.plan.Kinds, rest, s.options.DryRun)
	}
	done.Changes = decided(planned, append(early, changes...))
	for _, c := range done.Changes {
		s.uids[c.ID] = c.UID
	}
	s.applied(i, done.Changes)
	if err != nil || s.options.DryRun {
		return done, err
	}
	done.Without, err = s.gate(ctx, i, w)
	return done, err
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
