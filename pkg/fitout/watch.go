package fitout

import (
	"context"
	"time"

	"github.com/fitout-dev/fitout/pkg/concurrent"
	"github.com/fitout-dev/fitout/pkg/report"
)

// Watch checks again and again, from one start to the next after an interval or as soon as a longer check has ended, until
// ctx is done. It returns the last report. What ends one check, such as an API server that does not answer, is in its
// report, and the next one is made; a check that was cut short by ctx counts only where there is no other.
func Watch(ctx context.Context, interval time.Duration, once func(context.Context) *report.Report, tell func(*report.Report) error) (*report.Report, error) {
	var last *report.Report
	for {
		next := time.Now().Add(interval)
		r := once(ctx)
		if ctx.Err() != nil && last != nil {
			return last, nil
		}
		last = r
		if err := tell(r); err != nil {
			return last, err
		}
		if concurrent.Sleep(ctx, time.Until(next)) != nil {
			return last, nil
		}
	}
}
