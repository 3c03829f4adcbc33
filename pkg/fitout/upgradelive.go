package fitout

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fieldowner"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/kubeapi"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/render"
	"github.com/fitout-dev/fitout/pkg/upgrade"
	corev1 "k8s.io/api/core/v1"
)

// An UpgradeCluster also tells what an upgrade of it depends on. Package cluster has the real one.
type UpgradeCluster interface {
	Cluster
	// UpgradeSurvey looks at what an upgrade depends on, beside the objects.
	UpgradeSurvey(ctx context.Context) (upgrade.Survey, error)
	PodDeleter
}

// A PodDeleter deletes pods, so that their controllers make others.
type PodDeleter interface {
	// DeletePod deletes a pod, unless another one has its name by now.
	DeletePod(ctx context.Context, pod corev1.Pod) error
}

// DecideUpgrade reads a cluster and says what an upgrade to a plan, which is of the version to come, would do to it, and whether
// it may be made; it does nothing.
func DecideUpgrade(ctx context.Context, cluster UpgradeCluster, p *Plan, o UpgradeOptions, progress Progress) (*upgrade.Plan, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	progress.Planned(p)
	s := &session{cluster: cluster, plan: p, options: o.ApplyOptions, progress: progress, report: p.report(), upgrading: true}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.planUpgrade(ctx, cluster, o)
}

// errNotFittedOut is of a cluster that cannot be upgraded, since it has nothing of Fitout's.
var errNotFittedOut = errors.New("the cluster has no inventory of Fitout's, so that there is nothing to upgrade from; fitout up fits it out, and with --adopt takes over what another tool installed")

// planUpgrade says what the changes of the session are as an upgrade, and judges the preconditions.
func (s *session) planUpgrade(ctx context.Context, cluster UpgradeCluster, o UpgradeOptions) (*upgrade.Plan, error) {
	if s.record == nil || s.record.State == inventory.Uninstalled {
		return nil, errNotFittedOut
	}
	before := s.before()
	p := s.plan.upgradePlan(before, s.changes, o.Accept)
	survey, err := cluster.UpgradeSurvey(ctx)
	if err != nil {
		return nil, err
	}
	c := upgrade.Conditions{
		Phase: o.Phase, From: before.Target.Bundle, To: s.plan.Rendering.Bundle, Survey: survey, Proxy: s.proxyVersion(before), Rules: s.plan.NodeNeeds,
		Overrides: s.plan.overrides(), Skip: o.Skip,
	}
	c.Writers = s.writers(c.From, c.To)
	c.Releases, c.NoRoom, c.ProxyMode = releases(survey, c.From, c.To), upgrade.NoRoom(s.surging(), survey.Snapshot), s.plan.proxyMode()
	if !slices.Contains(o.Skip, upgrade.Health) {
		c.Unready, c.Unobserved = s.unready(ctx, s.begun()...)
	}
	p.Preconditions = upgrade.Preconditions(c)
	return p, nil
}

// before is the record of what the cluster had before the upgrade. In the middle of one, the versions of addons are those that
// the labels of their objects have.
func (s *session) before() *inventory.Inventory {
	underway := s.record.State == inventory.Applying || s.record.State == inventory.Upgrading
	if !underway || s.record.Previous == nil || s.record.Target.Bundle != s.plan.Rendering.Bundle {
		return s.record
	}
	before := *s.record
	before.Target, before.Addons = *s.record.Previous, map[string]inventory.Addon{}
	for _, e := range s.record.Entries {
		live := s.live[e.ID]
		if live == nil {
			continue
		}
		if a := before.Addons[e.Addon]; a.Version == "" || manifest.PodSpecPath(e.Kind) != nil {
			a.Version = live.GetLabels()[render.LabelVersion]
			before.Addons[e.Addon] = a
		}
	}
	return &before
}

// begun are the objects that a run before has applied of the same upgrade: whether they work is asked as this run goes on.
func (s *session) begun() (objects []*manifest.Object) {
	if s.before() == s.record {
		return nil
	}
	for _, o := range s.live {
		if o.GetLabels()[render.LabelBundle] == s.plan.Rendering.Bundle {
			objects = append(objects, o)
		}
	}
	return objects
}

// proxyVersion returns the version of the addon that serves Services on the nodes, if it is Kubernetes' own.
func (s *session) proxyVersion(before *inventory.Inventory) string {
	own := strings.TrimPrefix(before.Target.Kubernetes, "v")
	for name, a := range before.Addons {
		if s.plan.Roles[name] == "proxy" && a.Version == own {
			return a.Version
		}
	}
	return ""
}

// releases are the kinds that releases of Helm hold in versions which go.
func releases(survey upgrade.Survey, from, to string) []string {
	now, err := kubeapi.Load(from)
	then, err2 := kubeapi.Load(to)
	if err != nil || err2 != nil {
		return nil
	}
	return upgrade.RemovedIn(survey.Releases, now, then, to)
}

// surging are the workloads of which a new pod has to start before an old one ends.
func (s *session) surging() (workloads []*manifest.Object) {
	for _, c := range s.changes.Changes {
		if r, replaced := c.Rollout(); replaced && !r.Gap && c.ID.Kind == "Deployment" {
			workloads = append(workloads, c.Wanted)
		}
	}
	return workloads
}

// proxyMode is the mode of kube-proxy, if the plan has it.
func (p *Plan) proxyMode() string {
	if !slices.ContainsFunc(p.Rendering.Addons, func(a render.Addon) bool { return p.Roles[a.Name] == "proxy" }) {
		return ""
	}
	return p.Cluster.KubeProxy.Mode
}

// overrides are the patches of the cluster file, one line each.
func (p *Plan) overrides() []string {
	var all []string
	for _, patch := range p.Cluster.Patches {
		all = append(all, fmt.Sprintf("the cluster file patches %s %s: see whether the patch is right for %s", patch.Target.Kind, patch.Target.Name, p.Rendering.Bundle))
	}
	return all
}

// writers are who writes objects of the cluster in versions that API servers of one minor serve, and those of another do not.
func (s *session) writers(from, to string) []upgrade.Writer {
	now, err := kubeapi.Load(from)
	then, err2 := kubeapi.Load(to)
	if err != nil || err2 != nil {
		return nil
	}
	var all []upgrade.Writer
	for id, o := range s.live {
		served, later := now.Versions(manifest.GroupKindOf(o)), then.Versions(manifest.GroupKindOf(o))
		for _, e := range o.GetManagedFields() {
			_, version, found := strings.Cut(e.APIVersion, "/")
			if !found {
				version = e.APIVersion
			}
			if e.Manager != fieldowner.FieldManager && slices.Contains(served, version) && !slices.Contains(later, version) {
				all = append(all, upgrade.Writer{Object: id, Manager: e.Manager, APIVersion: e.APIVersion})
			}
		}
	}
	slices.SortFunc(all, func(a, b upgrade.Writer) int { return a.Object.Compare(b.Object) })
	return all
}

// unready says what of the recorded objects does not work now, but for some. unobserved is why that could not be seen.
func (s *session) unready(ctx context.Context, except ...*manifest.Object) (lines []string, unobserved string) {
	var objects []*manifest.Object
	for _, e := range s.record.Entries {
		excepted := s.isHanded(e.ID) || slices.ContainsFunc(except, func(o *manifest.Object) bool { return manifest.IDOf(o) == e.ID })
		if live := s.live[e.ID]; live != nil && !excepted {
			if _, _, err := s.plan.Kinds.Of(live); err == nil {
				objects = append(objects, live)
			}
		}
	}
	snapshot, err := s.cluster.Observe(ctx, s.plan.Kinds, objects)
	if err != nil {
		return nil, err.Error()
	}
	for _, row := range check.Unmet(check.Gate(objects, snapshot)) {
		lines = append(lines, row.Detail)
	}
	return lines, ""
}

// missed fetches recorded objects that were not found in the version in which the plan has them: the API servers before an
// upgrade may serve them in another one only.
func (s *session) missed(ctx context.Context) error {
	if s.record == nil {
		return nil
	}
	var entries []inventory.Entry
	for _, e := range s.record.Entries {
		if s.live[e.ID] == nil {
			entries = append(entries, e)
		}
	}
	found, err := s.cluster.Recorded(ctx, entries)
	for id, o := range found {
		s.live[id] = o
	}
	return err
}
