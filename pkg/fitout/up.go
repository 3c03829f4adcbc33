package fitout

import (
	"context"
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
	Forget(ctx context.Context, i *inventory.Inventory) error
	// Live fetches those of the objects that Fitout applied before, and those that all names, whoever made them.
	Live(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object, all func(manifest.ID) bool) (map[manifest.ID]*manifest.Object, error)
	// Recorded fetches recorded objects, whatever has become of them.
	Recorded(ctx context.Context, entries []inventory.Entry) (map[manifest.ID]*manifest.Object, error)
	// Apply carries out changes of wanted objects; the outcomes are complete also if it fails. With dryRun the API server
	// validates everything and persists nothing.
	Apply(ctx context.Context, kinds manifest.Kinds, planned []changeset.Change, dryRun bool) ([]report.Change, error)
	// Remove carries out removals and waits until the objects are gone. Namespaces and definitions in which somebody else
	// has something stay, unless they are named.
	Remove(ctx context.Context, removals []changeset.Change, named changeset.Names) ([]report.Change, error)
	// Observe fetches the live state of objects, with nodes, pods and storage classes.
	Observe(ctx context.Context, kinds manifest.Kinds, objects []*manifest.Object) (observed.Snapshot, error)
	// ServerSide reports whether the API server does server-side apply, and so keeps managed fields.
	ServerSide() bool
	// Providers reads what others' providers of the addons' roles are looked for in.
	Providers(ctx context.Context) (provider.Observed, error)
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

// Timing is how long a run waits.
type Timing struct {
	Timeout time.Duration // for the whole run
	Poll    time.Duration // between two observations
	Settle  time.Duration // for what is still unmet after the last wave
	Observe time.Duration // for one look of a check, so that a hung API server costs this and not the run; 0 for no bound
}

// DefaultTiming is what the command takes.
var DefaultTiming = Timing{Timeout: 10 * time.Minute, Poll: time.Second, Settle: time.Minute, Observe: 30 * time.Second}

// Options are what a run decides.
type Options struct {
	Timing
	Version        string            // of Fitout, for the record
	LockTimeout    time.Duration     // how long to wait for another run
	Policies       changeset.Options // what may be done to objects of others; conflicts override those of the cluster file
	Select         Selection         // of checks and probes
	Since          time.Duration     // how far back a check looks for restarts of containers; 0 for not at all
	IgnoreExisting []string          // roles of addons that are installed although somebody else has them in the cluster; all for every role
	MinReady       check.Share       // of the nodes of a DaemonSet, and of the replicas of other workloads, that must be ready for a gate to open
	DryRun         bool              // say what would be done, and do nothing
	SkipPreflight  bool              // do not let the API server judge the changes before the first one is made
}

// Apply applies a plan wave by wave, each once the one before is ready, and prunes what is no longer wanted. The report is
// complete also where it fails; the error is of applying or of waiting.
func Apply(ctx context.Context, cluster Cluster, p *Plan, o Options, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := p.report()
	r.DryRun = o.DryRun
	progress.Planned(p)
	s := session{cluster: cluster, plan: p, options: o, progress: progress, report: r}
	if err := s.run(ctx); err != nil {
		r.Error = err.Error()
		return r, err
	}
	r.Verdict = check.Good
	if r.Incomplete() {
		r.Verdict = check.Degraded
	}
	return r, nil
}

// Up applies a plan and checks the result. The check runs also where applying failed, so that the report says how far
// the cluster is; it does not where the run was interrupted, or where nothing was applied.
func Up(ctx context.Context, cluster Cluster, p *Plan, o Options, progress Progress) (*report.Report, error) {
	start := time.Now()
	r, applyErr := Apply(ctx, cluster, p, o, progress)
	if ctx.Err() != nil || o.DryRun || len(r.Waves) == 0 {
		return r, applyErr
	}
	o.Settle = min(o.Settle, o.Timeout-time.Since(start))
	o.Observe = 0 // what has got through an outage until here is not to end of the next
	checked, err := Check(ctx, cluster, p, o, progress)
	r.Time, r.Checks, r.Verdict, r.Footprint = checked.Time, checked.Checks, checked.Verdict, checked.Footprint
	if applyErr != nil {
		r.Verdict = check.Failed
		return r, applyErr
	}
	return r, err
}

// Check judges a cluster by a plan, and says of what is unmet why it is. Where that may yet come right, it looks again
// until Settle has passed.
func Check(ctx context.Context, cluster Cluster, p *Plan, o Options, progress Progress) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := p.report()
	r.Skipped = o.Select.Skipped(p.Checks())
	start := time.Now()
	doctor := newDoctor(cluster, start, progress.Note)
	for {
		r.Time = time.Now().UTC().Truncate(time.Second)
		snapshot, err := observe(ctx, cluster, p, o.Observe)
		if err != nil {
			r.Error = err.Error()
			return r, err
		}
		if o.Since > 0 {
			snapshot.Since = r.Time.Add(-o.Since)
		}
		policies := p.conflicts(o.Policies.Conflicts)
		snapshot.Kept = p.kept(cluster, policies, snapshot.Objects)
		r.Checks = o.Select.Rows(check.Judge(p.judgedWith(cluster, policies, snapshot.Objects), snapshot))
		r.Verdict = check.Overall(r.Checks)
		r.Footprint = p.footprint(snapshot.Nodes)
		last := !check.MaySettle(r.Checks) || time.Since(start) >= o.Settle
		if !last {
			r.Checks, last = doctor.hopeless(ctx, r.Checks, snapshot, time.Now())
		}
		if last {
			r.Checks = explain(ctx, cluster, r.Checks, snapshot)
		}
		if last || !pause(ctx, o.Poll) {
			return r, nil
		}
		progress.Checking(r.Checks)
	}
}

// observe looks at everything that is judged.
func observe(ctx context.Context, cluster Cluster, p *Plan, timeout time.Duration) (observed.Snapshot, error) {
	if timeout > 0 {
		bounded, cancel := context.WithTimeout(ctx, timeout)
		defer cancel()
		ctx = bounded
	}
	return cluster.Observe(ctx, p.Kinds, p.objects())
}
