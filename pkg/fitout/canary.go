package fitout

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	"github.com/fitout-dev/fitout/pkg/wave"
)

// A CanaryPlan says on how many nodes the pods of the network are replaced before all others, and how that is tried.
type CanaryPlan struct {
	Nodes int           // 0 for no canary
	Pause bool          // stop once the canary nodes work, for a person
	Probe *ProbeOptions // nil to leave probes out
	// Prober is of the same cluster; nil without probes.
	Prober Prober
}

// network is the capability that pod networks provide.
const network = "network"

// A pausedError says that a run has stopped for a person after the canary nodes, and how it goes on.
type pausedError struct{ text string }

func (e *pausedError) Error() string { return e.text }

// held returns the changes of a wave that reach the canary nodes first: those of DaemonSets of the pod network whose pods are
// replaced, or were begun to be replaced so by a run before.
func (s *session) held(planned []changeset.Change) []changeset.Change {
	if s.canary.Nodes == 0 || s.options.DryRun {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(planned), func(c changeset.Change) bool {
		if c.ID.Kind != "DaemonSet" || c.Live == nil || c.Action == changeset.Recreate || !s.providesNetwork(c.Addon) || upgrade.HeldBack(c.Wanted) {
			return true
		}
		_, rolls := c.Rollout()
		return !rolls && !(upgrade.HeldBack(c.Live) && upgrade.Behind(c.Live))
	})
}

func (s *session) providesNetwork(addon string) bool {
	return slices.ContainsFunc(s.plan.Rendering.Addons, func(a render.Addon) bool { return a.Name == addon && isNetwork(a) })
}

func isNetwork(a render.Addon) bool { return slices.Contains(a.Provides, network) }

// NetworkNamespaces are those in which pods are deleted for a canary.
func (p *Plan) NetworkNamespaces() []string {
	all := map[string]bool{}
	for _, a := range p.Rendering.Addons {
		for _, o := range a.Objects {
			if isNetwork(a) && o.GetKind() == "DaemonSet" {
				all[o.GetNamespace()] = true
			}
		}
	}
	return slices.Sorted(maps.Keys(all))
}

// applyCanary makes the changes of a wave with those DaemonSets held back, replaces their pods on the canary nodes, and tries
// these. What is left to do then is what it returns.
func (s *session) applyCanary(ctx context.Context, i int, planned, held []changeset.Change) (changes []report.Change, rest []changeset.Change, err error) {
	first := slices.DeleteFunc(slices.Clone(planned), func(c changeset.Change) bool { return isOf(held, c.ID) })
	var back []*manifest.Object
	for _, c := range held {
		back = append(back, upgrade.HoldBack(c.Wanted))
	}
	first = append(first, s.decideAgain(i, back, s.live)...)
	if changes, err = s.cluster.Apply(ctx, s.plan.Kinds, first, false); err != nil {
		return changes, nil, err
	}
	if err := s.replaceOnCanary(ctx, i, back); err != nil {
		return changes, nil, err
	}
	wanted := make([]*manifest.Object, len(held))
	for n, c := range held {
		wanted[n] = c.Wanted
	}
	live, err := s.cluster.Live(ctx, s.plan.Kinds, wanted, func(manifest.ID) bool { return true })
	if err != nil {
		return changes, nil, err
	}
	now := maps.Clone(s.live)
	maps.Copy(now, live)
	return slices.DeleteFunc(changes, func(c report.Change) bool { return isOf(held, c.ID) }), s.decideAgain(i, wanted, now), nil
}

func isOf(changes []changeset.Change, id manifest.ID) bool {
	return slices.ContainsFunc(changes, func(c changeset.Change) bool { return c.ID == id })
}

// decideAgain decides about other forms of objects of a wave, or about the same ones by what is live now.
func (s *session) decideAgain(i int, objects []*manifest.Object, live map[manifest.ID]*manifest.Object) []changeset.Change {
	in := s.input()
	in.Waves, in.Live = []wave.Wave{{Name: s.waves[i].Name, Objects: objects}}, live
	changes := changeset.Decide(in).Changes
	for n := range changes {
		changes[n].Wave = i
	}
	return changes
}

// replaceOnCanary deletes the pods of DaemonSets that are held back on the canary nodes, waits for the new ones, and tries whether
// the cluster works with them.
func (s *session) replaceOnCanary(ctx context.Context, i int, sets []*manifest.Object) error {
	var nodes []string
	chosen, deleted := false, map[string]bool{}
	_, err := s.await(ctx, i, func(ctx context.Context) (seen sight, err error) {
		if seen.snapshot, err = s.cluster.Observe(ctx, s.plan.Kinds, sets); err != nil {
			return seen, err
		}
		seen.snapshot = seen.snapshot.Indexed()
		if seen.unmet = s.unseen(sets, seen.snapshot); len(seen.unmet) > 0 {
			return seen, nil
		}
		if !chosen {
			nodes, chosen = s.chooseCanary(sets, seen.snapshot), true
		}
		for _, set := range sets {
			live := seen.snapshot.Live(set)
			if row := upgrade.JudgeCanary(live, seen.snapshot, nodes); row.Verdict != check.Good {
				seen.unmet = append(seen.unmet, row)
			}
			for _, pod := range upgrade.OlderPods(live, seen.snapshot, nodes) {
				if key := string(pod.UID); !deleted[key] {
					if err := s.pods.DeletePod(ctx, pod); err != nil {
						return seen, &stopError{fmt.Errorf("replace the pods of the network on the canary node %s first (--canary 0 leaves that out): %w", observed.NodeFor(&pod), err)}
					}
					deleted[key] = true
				}
			}
		}
		return seen, nil
	})
	if err != nil {
		return canaryFailed(err, nodes)
	}
	if len(nodes) == 0 {
		return nil
	}
	return s.tryCanary(ctx, sets, nodes)
}

// unseen are the DaemonSets of which the controller has not seen how they are now.
func (s *session) unseen(sets []*manifest.Object, now observed.Snapshot) (rows []check.Row) {
	for _, set := range sets {
		if live := now.Live(set); live == nil || !upgrade.Seen(live) {
			rows = append(rows, check.Row{Check: check.Ready, Verdict: check.Failed, About: manifest.IDOf(set),
				Detail: manifest.IDOf(set).String() + " its controller has not seen the new generation yet", Remedy: "see whether kube-controller-manager runs"})
		}
	}
	return rows
}

// chooseCanary chooses the canary nodes, and says which they are.
func (s *session) chooseCanary(sets []*manifest.Object, now observed.Snapshot) []string {
	nodes := upgrade.CanaryNodes(now.Live(sets[0]), now, s.outages.Out(now.Nodes, time.Now()), s.canary.Nodes)
	if len(nodes) == 0 {
		s.progress.Note("no canary: no node can go before others; the pods of the network are replaced as their DaemonSets say")
		return nil
	}
	s.progress.Note(fmt.Sprintf("canary: the pods of %s are replaced on %s first", namesOf(sets), strings.Join(nodes, ", ")))
	return nodes
}

func namesOf(sets []*manifest.Object) string {
	var names []string
	for _, set := range sets {
		names = append(names, manifest.IDOf(set).String())
	}
	return strings.Join(names, ", ")
}

// tryCanary tries whether the cluster works with the new pods on the canary nodes, and stops there if that is wanted.
func (s *session) tryCanary(ctx context.Context, sets []*manifest.Object, nodes []string) error {
	lines, unobserved := s.unready(ctx, sets...)
	if unobserved != "" {
		return fmt.Errorf("look at the cluster after the canary: %s", unobserved)
	}
	if len(lines) > 0 {
		return canaryFailed(&gateError{"the cluster does not work with the canary", lines}, nodes)
	}
	if s.canary.Probe != nil && s.canary.Prober != nil {
		tried := &report.Report{}
		if err := Probe(ctx, s.canary.Prober, s.plan, *s.canary.Probe, tried); err != nil {
			return canaryFailed(err, nodes)
		}
		if unmet := check.Unmet(tried.Checks); len(unmet) > 0 {
			return canaryFailed(notReady("probes fail with the canary", unmet), nodes)
		}
		s.progress.Note("canary: the probes do not fail")
	}
	if !s.canary.Pause {
		s.progress.Note("canary: " + strings.Join(nodes, ", ") + " works; the other nodes follow")
		return nil
	}
	return &pausedError{fmt.Sprintf("paused after the canary: %s has the new pods of %s, the other nodes have the old ones; run the same command without --pause to go on (fitout upgrade run --to %s --phase %s), or fitout rollback",
		strings.Join(nodes, ", "), namesOf(sets), s.plan.Rendering.Bundle, s.phase)}
}

// canaryFailed adds to an error which nodes it is about, and what to do.
func canaryFailed(err error, nodes []string) error {
	if len(nodes) == 0 {
		return err
	}
	advice := fmt.Sprintf("only %s has new pods of the network; once the cause is gone, run the same command again, or fitout rollback", strings.Join(nodes, ", "))
	if failed := (*gateError)(nil); errors.As(err, &failed) {
		return &gateError{failed.what, append(slices.Clone(failed.lines), advice)}
	}
	return fmt.Errorf("%w; %s", err, advice)
}
