package fitout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// A HeldError says what keeps an upgrade back: decisions that nobody has taken, and preconditions that are unmet.
type HeldError struct{ Plan *upgrade.Plan }

func (e *HeldError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are a line for each reason.
func (e *HeldError) Lines() []string {
	lines := e.Plan.HeldBy()
	lines[0] = "refused, nothing was touched: " + lines[0]
	return lines
}

// Upgrade makes one phase of an upgrade: it judges the preconditions, applies what belongs into the phase, and what belongs into
// those before and is not there yet, wave by wave, and checks the result. Run again, it goes on where it stopped.
func Upgrade(ctx context.Context, cluster UpgradeCluster, p *Plan, o UpgradeOptions, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := p.report()
	progress.Planned(p)
	outages := &observed.Outages{}
	s := &session{cluster: cluster, plan: p, options: o.ApplyOptions, progress: progress, report: r, outages: outages, upgrading: true, phase: o.Phase, canary: o.Canary, pods: cluster}
	s.judge = func(ctx context.Context) error { return s.admit(ctx, cluster, o) }
	err := s.run(ctx)
	if err == nil && o.Phase != upgrade.AfterNodes {
		err = s.healthy(ctx)
	}
	if paused := (*pausedError)(nil); errors.As(err, &paused) {
		r.Verdict, r.Paused = check.Pending, paused.Error()
		return r, nil
	}
	if err := concluded(r, err); err != nil || o.Phase != upgrade.AfterNodes {
		return r, err
	}
	end, err := checked(ctx, cluster, p, CheckOptions{Timing: o.Timing, Conflicts: o.Policies.Conflicts}, progress, outages)
	r.Time, r.Checks, r.Verdict, r.Footprint, r.Skipped = end.Time, end.Checks, end.Verdict, end.Footprint, end.Skipped
	return r, err
}

// admit refuses an upgrade that something keeps back, and leaves in the session what belongs into the phase.
func (s *session) admit(ctx context.Context, cluster UpgradeCluster, o UpgradeOptions) error {
	p, err := s.planUpgrade(ctx, cluster, o)
	if err != nil {
		return err
	}
	s.progress.Note(fmt.Sprintf("upgrade from %s to %s: %s", p.From.Kubernetes, p.To.Kubernetes, p.Summary))
	for _, c := range p.Preconditions {
		for _, line := range c.Lines() {
			if c.Verdict == upgrade.Unknown {
				s.progress.Note(line)
			}
		}
	}
	if p.Held() {
		return &HeldError{Plan: p}
	}
	return s.limit(ctx, p.From.Bundle)
}

// limit leaves in the waves what belongs into the phase and those before, and decides again. from is the minor that the API
// servers are of before the control plane is upgraded: what they do not take waits for those of the new one.
func (s *session) limit(ctx context.Context, from string) error {
	if s.phase == upgrade.AfterNodes {
		return nil
	}
	early := map[manifest.ID]bool{}
	if s.phase == upgrade.BeforeControlPlane {
		api, err := kubeapi.Load(from)
		if err != nil {
			return err
		}
		for _, o := range s.plan.Rendering.Objects() {
			early[manifest.IDOf(o)] = len(api.Findings([]*manifest.Object{o})) == 0
		}
	}
	belongs := func(o *manifest.Object) bool {
		phase := upgrade.PhaseOf(s.plan.Addons[o.GetLabels()[render.LabelAddon]])
		return slices.Index(upgrade.Phases, phase) <= slices.Index(upgrade.Phases, s.phase) && (s.phase != upgrade.BeforeControlPlane || early[manifest.IDOf(o)])
	}
	var waves []wave.Wave
	for _, w := range s.waves {
		if objects := only(w.Objects, belongs); len(objects) > 0 {
			waves = append(waves, wave.Wave{Name: w.Name, Objects: objects, Backs: only(w.Backs, belongs), Creates: only(w.Creates, belongs)})
		}
	}
	s.waves = waves
	if err := s.compute(ctx); err != nil {
		return err
	}
	handed := s.changes.Handovers(s.changes.Changes)
	s.changes.Removals = nil // what is no longer wanted goes after the nodes are upgraded, but for what is in the way
	for _, h := range handed {
		s.changes.Removals = append(s.changes.Removals, h.Removal)
	}
	return nil
}

// only returns the objects that belong.
func only(objects []*manifest.Object, belongs func(*manifest.Object) bool) []*manifest.Object {
	return slices.DeleteFunc(slices.Clone(objects), func(o *manifest.Object) bool { return !belongs(o) })
}

// healthy refuses to call a phase done as long as something of the cluster does not work.
func (s *session) healthy(ctx context.Context) error {
	lines, unobserved := s.unready(ctx)
	if unobserved != "" {
		return fmt.Errorf("look at the cluster after the phase: %s", unobserved)
	}
	if len(lines) > 0 {
		return fmt.Errorf("everything of the phase is applied, but the cluster does not work: %s; run fitout check for the cause, and this again once it is gone", strings.Join(lines, "; "))
	}
	return nil
}

// asUpgrade tells a run that is of another minor than what the cluster has that it is an upgrade, and refuses it if something has
// to be decided on. The same goes for the rest of one that was begun in phases.
func (s *session) asUpgrade(context.Context) error {
	if s.record == nil || s.record.Target.Bundle == "" || s.before().Target.Bundle == s.plan.Rendering.Bundle {
		return nil
	}
	p := s.plan.upgradePlan(s.before(), s.changes, nil)
	s.progress.Note(fmt.Sprintf("this is an upgrade from %s to %s: %s", p.From.Kubernetes, p.To.Kubernetes, p.Summary))
	if decisions := p.Undecided(); slices.ContainsFunc(decisions, func(d upgrade.Decision) bool { return d.Name != upgrade.Refused }) {
		s.progress.Note(fmt.Sprintf("fitout upgrade plan --to %s says more, and fitout upgrade run takes decisions with --accept", p.To.Bundle))
		return &HeldError{Plan: p}
	}
	return nil
}
