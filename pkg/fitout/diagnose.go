package fitout

import (
	"context"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
)

const (
	// firstDiagnosis is for how long something is unmet before it is asked why: most things only take their time.
	firstDiagnosis = 10 * time.Second
	nextDiagnosis  = 5 * time.Second
)

// A doctor asks why rows are unmet while a run waits for them, and knows for how long each cause has been seen.
type doctor struct {
	cluster Cluster
	next    time.Time
	since   map[string]time.Time // by cause and object
}

func newDoctor(cluster Cluster, now time.Time) *doctor {
	return &doctor{cluster: cluster, next: now.Add(firstDiagnosis), since: map[string]time.Time{}}
}

// explain gives unmet rows their digests.
func explain(ctx context.Context, cluster Cluster, rows []check.Row, s check.Snapshot) []check.Row {
	if len(check.Unmet(rows)) == 0 {
		return rows
	}
	s.Evidence = cluster.Diagnose(ctx, s.Inquire(rows))
	return s.Explain(rows)
}

// hopeless reports, now and then, whether one of the rows is unmet for a cause that does not pass by itself, and has been
// seen for as long as it is given to be mended. The rows come back with their digests.
func (d *doctor) hopeless(ctx context.Context, rows []check.Row, s check.Snapshot, now time.Time) ([]check.Row, bool) {
	if now.Before(d.next) {
		return rows, false
	}
	d.next = now.Add(nextDiagnosis)
	rows = explain(ctx, d.cluster, rows, s)
	seen := map[string]time.Time{}
	end := false
	for _, row := range check.Unmet(rows) {
		if row.Digest == nil || !row.Digest.Terminal {
			continue
		}
		key := row.Digest.Cause + " " + row.Digest.Object
		if seen[key] = now; !d.since[key].IsZero() {
			seen[key] = d.since[key]
		}
		end = end || now.Sub(seen[key]) >= row.Digest.After
	}
	d.since = seen
	return rows, end
}
