package fitout

import (
	"context"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/diagnose"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/observed"
)

const (
	// firstDiagnosis is for how long something is unmet before it is asked why: most things only take their time.
	firstDiagnosis = 10 * time.Second
	nextDiagnosis  = 5 * time.Second
)

// A waitDiagnoser asks why rows are unmet while a run waits for them, tells each cause once, and remembers for how long it has been
// seen.
type waitDiagnoser struct {
	cluster diagnoser
	own     []diagnose.AddonDiagnosis // of the addons
	tell    func(text string)
	next    time.Time
	told    map[string]bool      // by cause and object
	since   map[string]time.Time // by cause and object, of those that do not pass
}

func newWaitDiagnoser(cluster diagnoser, own []diagnose.AddonDiagnosis, now time.Time, tell func(text string)) *waitDiagnoser {
	return &waitDiagnoser{cluster: cluster, own: own, tell: tell, next: now.Add(firstDiagnosis), told: map[string]bool{}, since: map[string]time.Time{}}
}

// A diagnoser answers what is asked of something that is unmet.
type diagnoser interface {
	Diagnose(ctx context.Context, q observed.EvidenceRequest) observed.Evidence
}

// explain gives unmet rows their digests; own are the diagnoses of the addons.
func explain(ctx context.Context, cluster diagnoser, own []diagnose.AddonDiagnosis, rows []check.Row, s observed.Snapshot) []check.Row {
	if len(check.Unmet(rows)) == 0 {
		return rows
	}
	s.Evidence = cluster.Diagnose(ctx, diagnose.EvidenceFor(s, rows))
	return diagnose.Rows(s, rows, own...)
}

// terminal reports, now and then, whether one of the rows is unmet for a cause that does not pass by itself, and has been
// seen for as long as it is given to be mended. The rows come back with their digests.
func (d *waitDiagnoser) terminal(ctx context.Context, rows []check.Row, s observed.Snapshot, now time.Time) ([]check.Row, bool) {
	if now.Before(d.next) {
		return rows, false
	}
	d.next = now.Add(nextDiagnosis)
	rows = explain(ctx, d.cluster, d.own, rows, s)
	seen := map[string]time.Time{}
	end := false
	for _, row := range check.Unmet(rows) {
		if row.Digest == nil || row.Digest.Cause == "" {
			continue
		}
		key := row.Digest.Cause + " " + row.Digest.Object
		if !d.told[key] {
			d.told[key] = true
			d.tell(fmt.Sprintf("still waiting: %s: %s: %s; %s", row.Digest.Object, row.Digest.Cause, row.Digest.Explanation, row.Digest.Remedy))
		}
		if !row.Digest.Terminal {
			continue
		}
		if seen[key] = now; !d.since[key].IsZero() {
			seen[key] = d.since[key]
		}
		end = end || now.Sub(seen[key]) >= row.Digest.After
	}
	d.since = seen
	return rows, end
}

// Diagnoses are what the addons of the plan know of their own logs.
func (p *Plan) Diagnoses() []diagnose.AddonDiagnosis {
	var all []diagnose.AddonDiagnosis
	for _, a := range p.Rendering.Addons {
		objects := map[manifest.ID]bool{}
		for _, o := range a.Objects {
			objects[manifest.IDOf(o)] = true
		}
		for _, d := range a.Diagnoses {
			all = append(all, diagnose.AddonDiagnosis{Diagnosis: d, Objects: objects})
		}
	}
	return all
}
