package main

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
	"golang.org/x/term"
)

// live shows the waves on a terminal, a line each, and redraws them in place.
type live struct {
	mu     sync.Mutex // requests that are tried again tell so from where they are made
	w      *os.File
	now    func() time.Time
	colour bool
	waves  []liveWave
	drawn  int // lines of the last drawing
	check  string
}

type liveWave struct {
	name, state, detail string
	summary             string // what was applied
}

func newLive(w *os.File, now func() time.Time, colour bool) *live {
	return &live{w: w, now: now, colour: colour}
}

func (l *live) Planned(p *fitout.Plan) {
	for _, line := range introduction(p) {
		printable.Fprintln(l.w, line)
	}
}

func (l *live) Waves(names []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, name := range names {
		l.waves = append(l.waves, liveWave{name: name, state: "blocked"})
	}
	l.draw()
}

// Note writes a line above the waves.
func (l *live) Note(text string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.drawn > 0 {
		printable.Fprintf(l.w, "\x1b[%dA\x1b[J", l.drawn)
		l.drawn = 0
	}
	printable.Fprintln(l.w, text)
	if len(l.waves) > 0 {
		l.draw()
	}
}

func (l *live) Applying(wave int) { l.set(wave, "applying", "") }

func (l *live) Applied(wave int, changes []report.Change) {
	l.mu.Lock()
	l.waves[wave].summary = summary(changes)
	l.mu.Unlock()
	l.set(wave, "applied", summary(changes))
}

func (l *live) Waiting(wave int, unmet []check.Row) { l.set(wave, "waiting", waitText(unmet)) }

func (l *live) Done(wave int, took time.Duration, failed bool) {
	state := "ready"
	if failed {
		state = "failed"
	}
	l.set(wave, state, l.waves[wave].summary+", "+seconds(took))
}

func (l *live) Checking(rows []check.Row) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.check = "check: waiting for " + waitText(check.Unmet(rows))
	l.draw()
}

// Close leaves the last drawing on the screen.
func (l *live) Close() {
	if l.drawn > 0 {
		fmt.Fprintln(l.w)
	}
}

func (l *live) set(wave int, state, detail string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waves[wave].state, l.waves[wave].detail = state, detail
	l.draw()
}

var colours = map[string]string{"blocked": "2", "applying": "36", "applied": "36", "waiting": "33", "ready": "32", "failed": "31"}

// draw writes all lines over those of the last drawing. Each is cut to the width of the terminal: a line that wraps
// would move everything below it.
func (l *live) draw() {
	width, _, err := term.GetSize(int(l.w.Fd()))
	if err != nil || width < 20 {
		width = 80
	}
	var lines []string
	for _, w := range l.waves {
		text := cut(fmt.Sprintf("  %-24s %-9s %s", w.name, w.state, w.detail), width)
		lines = append(lines, l.paint(text, w.state))
	}
	if l.check != "" {
		lines = append(lines, cut("  "+l.check, width))
	}
	var out strings.Builder
	if l.drawn > 0 {
		printable.Fprintf(&out, "\x1b[%dA", l.drawn)
	}
	for _, line := range lines {
		out.WriteString("\r\x1b[K" + line + "\n")
	}
	l.drawn = len(lines)
	fmt.Fprint(l.w, out.String())
}

func (l *live) paint(text, state string) string {
	if !l.colour {
		return text
	}
	return "\x1b[" + colours[state] + "m" + text + "\x1b[0m"
}
