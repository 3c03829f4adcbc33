package fitout

import (
	"context"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/inventory"
	"github.com/fitout-dev/fitout/pkg/observed"
	"github.com/fitout-dev/fitout/pkg/report"
)

// Check judges a cluster by a plan, and says of what is unmet why it is. Where that may yet come right, it looks again
// until Settle has passed, or all that is unmet is missing on nodes that are out.
func Check(ctx context.Context, cluster Cluster, p *Plan, o CheckOptions, progress Progress) (*report.Report, error) {
	return checked(ctx, cluster, p, o, progress, &observed.Outages{})
}

// checked is Check with what is known already of nodes that are out.
func checked(ctx context.Context, cluster Cluster, p *Plan, o CheckOptions, progress Progress, outages *observed.Outages) (*report.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, o.Timeout)
	defer cancel()
	r := p.report()
	r.Skipped = o.Select.Skipped(p.Checks())
	start := time.Now()
	diagnosis := newWaitDiagnoser(cluster, p.Diagnoses(), start, progress.Note)
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
		policies := p.checkPolicies(o.Conflicts, snapshot.Objects[inventory.ID])
		snapshot.Kept = p.kept(cluster, policies, snapshot.Objects)
		r.Checks = o.Select.Rows(judgeInventory(check.Judge(p.judgedWith(cluster, policies, snapshot.Objects), snapshot), snapshot.Objects[inventory.ID]))
		r.Verdict = check.Overall(r.Checks)
		r.Footprint = p.footprint(snapshot.Nodes)
		out := outages.Out(snapshot.Nodes, time.Now())
		last := !check.MaySettle(r.Checks) || time.Since(start) >= o.Settle || check.OnlyOut(r.Checks, p.Rendering.Objects(), snapshot, out)
		if !last {
			r.Checks, last = diagnosis.terminal(ctx, r.Checks, snapshot, time.Now())
		}
		if last {
			r.Checks = explain(ctx, cluster, p.Diagnoses(), r.Checks, snapshot)
		}
		if last || concurrent.Sleep(ctx, o.Poll) != nil {
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
