package fitout

import (
	"context"
	"errors"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/clusterfile"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/provider"
	"github.com/fitout-dev/fitout/pkg/report"
)

// A Cluster is what the front door needs of a running cluster. Package cluster has the real one.
type Cluster interface {
	// Facts asks the cluster about itself.
	Facts(ctx context.Context) (clusterfile.Facts, error)
	// Lock takes the cluster's lock; the context that it returns ends when the lock is lost.
	Lock(ctx context.Context, patience time.Duration, waiting func(holder string)) (locked context.Context, release func(), err error)
	// Inventory reads the record of what Fitout has put into the cluster; nil where there is none. Record writes it, and
	// Forget deletes it, unless somebody else has written it since it was read.
	Inventory(ctx context.Context) (*inventory.Inventory, error)
	Record(ctx context.Context, i *inventory.Inventory) error
	// Forgetting the record forgets the renderings, too.
	Forget(ctx context.Context, i *inventory.Inventory) error
	// Rendering reads what a complete run has applied, as it is kept in a slot; nil where there is nothing. StoreRendering keeps
	// it, in the place of what is there.
	Rendering(ctx context.Context, slot string) (*inventory.Rendering, error)
	StoreRendering(ctx context.Context, slot string, r *inventory.Rendering) error
	// Live fetches those of the objects that Fitout applied before, and those that all names, whoever made them.
	Live(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, all func(manifest.ID) bool) (map[manifest.ID]*manifest.Object, error)
	// Recorded fetches recorded objects, whatever has become of them.
	Recorded(ctx context.Context, entries []inventory.Entry) (map[manifest.ID]*manifest.Object, error)
	// Apply carries out changes of wanted objects; the outcomes are complete also if it fails. With dryRun the API server
	// validates everything and persists nothing.
	Apply(ctx context.Context, kinds manifest.Kinds, planned []changeset.Change, dryRun bool) ([]report.Change, error)
	// Contents reads what is in a namespace, or the custom resources of a definition.
	Contents(ctx context.Context, holder *manifest.Object) (changeset.Contents, error)
	// Remove carries out removals of a set and waits until the objects are gone. The set decides again about an object that
	// has changed since, and about namespaces and definitions by what is in them now.
	Remove(ctx context.Context, set *changeset.Set, removals []changeset.Change) ([]report.Change, error)
	// Observe fetches the live state of objects, with nodes, pods and storage classes.
	Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (observed.Snapshot, error)
	// ServerSide reports whether the API server does server-side apply, and so keeps managed fields.
	ServerSide() bool
	// Providers reads what others' providers of the addons' roles are looked for in, and then the sources of settings of what it found.
	Providers(ctx context.Context, sources func(provider.Observed) []provider.Source) (provider.Observed, error)
	// Diagnose asks what explains that something is unmet. It does without what it may not ask.
	Diagnose(ctx context.Context, q observed.EvidenceRequest) observed.Evidence
}

// Progress is told what a run does. Waves are counted from 0.
type Progress interface {
	Planned(p *Plan)
	Waves(names []string)
	Note(text string)
	Applying(wave int)
	Applied(wave int, changes []report.Change)
	Waiting(wave int, unmet []check.Row)
	Done(wave int, took time.Duration, failed bool)
	Checking(rows []check.Row)
}

// Silent is a Progress that says nothing.
type Silent struct{}

func (Silent) Planned(*Plan)                 {}
func (Silent) Waves([]string)                {}
func (Silent) Note(string)                   {}
func (Silent) Applying(int)                  {}
func (Silent) Applied(int, []report.Change)  {}
func (Silent) Waiting(int, []check.Row)      {}
func (Silent) Done(int, time.Duration, bool) {}
func (Silent) Checking([]check.Row)          {}

// Apply applies a plan wave by wave, each once the one before is ready, and prunes what is no longer wanted. The report is
// complete also where it fails; the error is of applying or of waiting.
func Apply(ctx context.Context, cluster Cluster, p *Plan, o ApplyOptions, progress Progress) (*report.Report, error) {
	return applied(ctx, cluster, p, o, progress, &observed.Outages{})
}

// applied is Apply; it tells of nodes that are out.
func applied(ctx context.Context, cluster Cluster, p *Plan, o ApplyOptions, progress Progress, outages *observed.Outages) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := p.report()
	r.DryRun = o.DryRun
	progress.Planned(p)
	s := session{cluster: cluster, plan: p, options: o, progress: progress, report: r, outages: outages}
	err := s.run(ctx)
	showChanges(r, err)
	return r, concluded(r, err)
}

// concluded gives a report its verdict, or the error that ended the run, which it returns.
func concluded(r *report.Report, err error) error {
	switch {
	case err != nil:
		r.Error = err.Error()
	case r.Incomplete():
		r.Verdict = check.Degraded
	default:
		r.Verdict = check.Good
	}
	return err
}

// showChanges puts the changes into a report that is about them: of a dry run, and of one that was refused.
func showChanges(r *report.Report, err error) {
	if refused := (*RefusedError)(nil); r.Set != nil && (r.DryRun || errors.As(err, &refused)) {
		r.ChangeSet = r.Set.Document()
	}
}

// Decide reads a cluster and says what Apply would do to it, and does nothing.
func Decide(ctx context.Context, cluster Cluster, p *Plan, o ApplyOptions, progress Progress) (*changeset.Set, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	progress.Planned(p)
	s := session{cluster: cluster, plan: p, options: o, progress: progress, report: p.report()}
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.changes, nil
}

// Up applies a plan, checks the result, and probes it if the options say so. The check runs also where applying failed, so
// that the report says how far the cluster is; it does not where the run was interrupted, or where nothing was applied. The
// time-out bounds all of it; a part of it is kept for the check.
func Up(ctx context.Context, cluster Cluster, p *Plan, o UpOptions, progress Progress) (*report.Report, error) {
	deadline := time.Now().Add(o.Timeout)
	if until, bounded := ctx.Deadline(); bounded && until.Before(deadline) {
		deadline = until
	}
	ctx, cancel := context.WithDeadline(ctx, deadline)
	defer cancel()
	applying := o.ApplyOptions
	left := time.Until(deadline)
	applying.Timeout = left - min(left/4, timeForCheck)
	outages := &observed.Outages{}
	r, applyErr := applied(ctx, cluster, p, applying, progress, outages)
	if ctx.Err() != nil || o.DryRun || len(r.Waves) == 0 {
		return r, applyErr
	}
	checking := CheckOptions{Timing: o.Timing, Conflicts: o.Policies.Conflicts, Select: o.Select}
	checking.Observe = 0 // what has got through an outage until here is not to end of the next
	end, err := checked(ctx, cluster, p, checking, progress, outages)
	r.Time, r.Checks, r.Verdict, r.Footprint = end.Time, end.Checks, end.Verdict, end.Footprint
	if applyErr != nil {
		r.Verdict = check.Failed
		return r, applyErr
	}
	if err != nil || o.Probe == nil || len(r.Checks) == 0 {
		return r, err
	}
	return r, Probe(ctx, o.Prober, p, *o.Probe, r)
}

// timeForCheck is what Up keeps of its time, a quarter of it at most, for a look at what was applied.
const timeForCheck = 30 * time.Second
