package fitout_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/google/go-cmp/cmp"
)

// watched is when checks began that take so long each, every 10 s until 35 s.
func watched(t *testing.T, took time.Duration) (begun []time.Duration, told int, last *report.Report) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Second)
		defer cancel()
		start := time.Now()
		var err error
		last, err = fitout.Watch(ctx, 10*time.Second, func(ctx context.Context) *report.Report {
			begun = append(begun, time.Since(start))
			r := &report.Report{Verdict: check.Good, Bundle: time.Since(start).String()}
			select {
			case <-time.After(took):
			case <-ctx.Done():
				r.Verdict, r.Error = check.Failed, "cut short"
			}
			return r
		}, func(*report.Report) error { told++; return nil })
		if err != nil {
			t.Error(err)
		}
	})
	return begun, told, last
}

func TestWatch(t *testing.T) {
	for name, test := range map[string]struct {
		took  time.Duration
		begun []time.Duration
		told  int
		last  string
	}{
		"a quick check":                {time.Second, []time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second}, 4, "30s"},
		"one longer than the interval": {14 * time.Second, []time.Duration{0, 14 * time.Second, 28 * time.Second}, 2, "14s"}, // the third is cut short
		"one that never ends":          {time.Hour, []time.Duration{0}, 1, "0s"},
	} {
		begun, told, last := watched(t, test.took)
		if diff := cmp.Diff(test.begun, begun); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		if told != test.told || last.Bundle != test.last || (last.Error != "") != (test.took == time.Hour) {
			t.Errorf("%s: %d told, last %+v", name, told, last)
		}
	}
}

func TestWatchEndsWhereNobodyListens(t *testing.T) {
	closed := errors.New("closed pipe")
	_, err := fitout.Watch(t.Context(), time.Hour, func(context.Context) *report.Report { return &report.Report{} }, func(*report.Report) error { return closed })
	if !errors.Is(err, closed) {
		t.Errorf("error %v", err)
	}
}

// What is not chosen is neither asked nor in the verdict.
func TestProbeSelection(t *testing.T) {
	for name, test := range map[string]struct {
		fitout.Selection
		rows []string
		pods bool
	}{
		"in pods":  {fitout.Selection{Only: []string{"pod-network"}}, []string{"cluster/probe-pods", "flannel/pod-network"}, true},
		"outside":  {fitout.Selection{Only: []string{"node-metrics"}}, []string{"metrics-server/node-metrics"}, false},
		"no pods'": {fitout.Selection{Only: []string{"pod-network"}, Skip: []string{"probe-pods"}}, []string{"flannel/pod-network"}, true},
	} {
		p, r := &prober{}, &report.Report{}
		o := fitout.ProbeOptions{Run: "r", Image: "i", Select: test.Selection}
		if err := fitout.Probe(t.Context(), p, prepare(t, catalogue(t), "1.36", "flannel", "none"), o, r); err != nil {
			t.Fatal(err)
		}
		var rows []string
		for _, row := range r.Checks {
			rows = append(rows, row.Name())
		}
		if diff := cmp.Diff(test.rows, rows); diff != "" || (len(p.created) > 0) != test.pods {
			t.Errorf("%s: created %q %s", name, p.created, diff)
		}
	}
}
