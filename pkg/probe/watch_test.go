package probe_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/fitout-dev/fitout/pkg/probe"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Each case is the fate of requests sent every 100 ms: a dot is answered, an x is lost, a space was never sent.
func TestLoss(t *testing.T) {
	start := time.Date(2026, 11, 5, 12, 0, 0, 0, time.UTC)
	const step = 100 * time.Millisecond
	for name, test := range map[string]struct {
		fate       string
		sent, lost int
		gap        time.Duration
		since      int // in steps
	}{
		"none":                           {"", 0, 0, 0, 0},
		"all answered":                   {".....", 5, 0, 0, 0},
		"one lost":                       {"..x..", 5, 1, step, 2},
		"two gaps, the longer first":     {".xxx.x.", 7, 4, 3 * step, 1},
		"two gaps, the longer last":      {".x.xxx.", 7, 4, 3 * step, 3},
		"two of a length":                {".xx.xx.", 7, 4, 2 * step, 1},
		"it begins with a gap":           {"xx..", 4, 2, 2 * step, 0},
		"it ends in a gap":               {"..xxxx", 6, 4, 3 * step, 2}, // to the last that is known to be lost
		"all lost":                       {"xxxxx", 5, 5, 4 * step, 0},
		"nothing was sent for a while":   {"..    ..", 4, 0, 0, 0},
		"a gap over what was never sent": {".x  x.", 4, 2, 4 * step, 1},
	} {
		l := probe.Loss{}
		for i, c := range test.fate {
			why := ""
			switch c {
			case ' ':
				continue
			case 'x':
				why = "no answer"
			}
			l.Add(start.Add(time.Duration(i)*step), why)
		}
		if l.Sent != test.sent || l.Lost != test.lost || l.Gap.Duration != test.gap || (l.Error != "") != (test.lost > 0) {
			t.Errorf("%s: %+v", name, l)
		}
		if want := start.Add(time.Duration(test.since) * step); test.gap > 0 && !l.Since.Equal(want) {
			t.Errorf("%s: since %s, not %s", name, l.Since, want)
		}
	}
}

// A server that answers has no losses; a port where nobody listens loses all, and one that says nothing does not hold up
// what is asked.
func TestWatch(t *testing.T) {
	server := serve(t, time.Minute)
	tasks := []probe.Task{
		at(server.page, probe.Task{ID: "open", Kind: probe.TCP}),
		at(closedPort(t), probe.Task{ID: "closed", Kind: probe.TCP}),
		at(silent(t), probe.Task{ID: "silent", Kind: probe.HTTP, Timeout: metav1.Duration{Duration: 300 * time.Millisecond}}),
	}
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	var told [][]probe.Loss
	err := probe.Watch(ctx, probe.Watching{Tasks: tasks, Rate: 20}, func(l []probe.Loss) error { told = append(told, l); return nil })
	if err != nil {
		t.Fatal(err)
	}
	if len(told) < 2 || told[0][0].Sent >= told[len(told)-1][0].Sent {
		t.Fatalf("told %+v", told)
	}
	for i, l := range told[len(told)-1] {
		lost := 0
		if i > 0 {
			lost = l.Sent
		}
		if l.ID != tasks[i].ID || l.Sent < 10 || l.Sent > 32 || l.Lost != lost || (l.Gap.Duration > time.Second/2) != (i > 0) {
			t.Errorf("%+v", l)
		}
	}
}

func TestWatchRefuses(t *testing.T) {
	for want, w := range map[string]probe.Watching{
		"the rate is 0; give a number above 0, up to 100":   {},
		"the rate is 101; give a number above 0, up to 100": {Rate: 101},
		`there is no kind "rain"; use dns`:                  {Rate: 1, Tasks: []probe.Task{{Kind: "rain"}}},
	} {
		err := probe.Watch(t.Context(), w, func([]probe.Loss) error { return nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
}

// A watch whose listener is gone ends.
func TestWatchEndsWithItsListener(t *testing.T) {
	gone := errors.New("gone")
	if err := probe.Watch(t.Context(), probe.Watching{Rate: 1}, func([]probe.Loss) error { return gone }); !errors.Is(err, gone) {
		t.Errorf("error %v", err)
	}
}
