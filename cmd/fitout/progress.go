package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/report"
	"golang.org/x/term"
)

// progress is a fitout.Progress that is closed before the report is printed.
type progress interface {
	fitout.Progress
	Close()
}

// newProgress returns a live display where w is a terminal, and plain lines with a time otherwise.
func newProgress(w io.Writer, now func() time.Time) progress {
	if f := fileOf(w); f != nil && term.IsTerminal(int(f.Fd())) && os.Getenv("TERM") != "dumb" {
		return newLive(f, now, os.Getenv("NO_COLOR") == "")
	}
	return &plain{w: w, now: now}
}

// plain writes a line for each wave and for each thing that it waits for, with the time.
type plain struct {
	w       io.Writer
	now     func() time.Time
	waves   []string
	applied string // what was done to the objects of the wave
	last    string // what was waited for, so that it is said once
}

func (p *plain) line(format string, args ...any) {
	printable.Fprintf(p.w, "%s %s\n", p.now().UTC().Format(time.RFC3339), fmt.Sprintf(format, args...))
}

func (p *plain) Planned(plan *fitout.Plan) {
	for _, line := range introduction(plan) {
		p.line("%s", line)
	}
}

func (p *plain) Waves(names []string) { p.waves = names }

func (p *plain) Note(text string) { p.line("%s", text) }

func (p *plain) Applying(int) {}

func (p *plain) Applied(_ int, changes []report.Change) {
	p.applied = summary(changes)
}

func (p *plain) Waiting(wave int, unmet []check.Row) {
	if text := waitText(unmet); text != p.last {
		p.last = text
		p.line("wave %d/%d %s: waiting for %s", wave+1, len(p.waves), p.waves[wave], text)
	}
}

func (p *plain) Done(wave int, took time.Duration, failed bool) {
	p.last = ""
	state := "ready"
	if failed {
		state = "failed"
	}
	p.line("wave %d/%d %s: %s, %s after %s", wave+1, len(p.waves), p.waves[wave], p.applied, state, seconds(took))
}

func (p *plain) Checking(rows []check.Row) {
	if text := waitText(check.Unmet(rows)); text != p.last {
		p.last = text
		p.line("check: waiting for %s", text)
	}
}

func (p *plain) Close() {}

// introduction says what was found, assumed and planned.
func introduction(p *fitout.Plan) []string {
	var lines []string
	for _, f := range p.Findings {
		word := "found"
		if f.Assumed {
			word = "assumed"
		}
		lines = append(lines, fmt.Sprintf("%s %s: %s (%s)", word, f.Field, f.Value, f.Source))
	}
	for _, w := range p.Warnings {
		lines = append(lines, "warning: "+w)
	}
	return append(lines, fmt.Sprintf("bundle %s for %s: %d addons, %d objects, %s", p.Rendering.Bundle, p.Cluster.KubernetesVersion,
		len(p.Rendering.Addons), len(p.Rendering.Objects()), p.Rendering.Digest))
}

func summary(changes []report.Change) string {
	counts := map[report.Action]int{}
	for _, c := range changes {
		counts[c.Action]++
	}
	var parts []string
	for _, a := range report.Actions {
		if counts[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[a], a))
		}
	}
	return strings.Join(parts, ", ")
}

func waitText(rows []check.Row) string {
	var parts []string
	for _, r := range rows {
		parts = append(parts, r.Detail)
	}
	return strings.Join(parts, "; ")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.1fs", d.Seconds()) }

// quiet tells only what is noted of objects; it is for commands whose output is the objects.
type quiet struct {
	fitout.Silent
	w io.Writer
}

func (q *quiet) Planned(p *fitout.Plan) {
	for _, w := range p.Warnings {
		q.Note("warning: " + w)
	}
}

func (q *quiet) Note(text string) { printable.Fprintln(q.w, text) }
