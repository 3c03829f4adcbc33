package diagnose

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// Bounds of a digest.
const (
	mostLogLines = 5
	mostLogBytes = 1024
)

// digest says what was seen of a subject, and what it likely comes from where that is known.
func (p subject) digest(f diagnosis) *check.Digest {
	d := &check.Digest{Object: p.id().String(), Part: p.role, Events: digestEvents(p.events()), Missing: p.s.Evidence.Unavailable}
	if p.pod != nil {
		d.Pod, d.Node = p.pod.Namespace+"/"+p.pod.Name, p.pod.Spec.NodeName
		d.State, _ = p.s.PodCause(p.pod)
	}
	if p.container != nil {
		d.Container = p.container.Name
	}
	if p.node != nil {
		d.Node, d.Conditions = p.node.Name, badConditions(p.node)
	}
	if ended := p.ended(); ended != nil {
		if lines := logTail(ended.Message); len(lines) > 1 {
			d.TerminationMessage = lines
		}
	}
	log := p.log()
	d.Log = logTail(log.Text)
	if log.Error != "" {
		d.Missing = append(slices.Clone(d.Missing), "the log: "+printable.Short(log.Error))
	}
	d.Cause, d.Explanation, d.Remedy, d.After, d.Terminal = f.cause, printable.Short(f.explanation), f.remedy, f.after, f.after > 0
	return d
}

// logTail returns the end of a log in bounds, without what a terminal would take for commands.
func logTail(text string) []string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	lines = lines[max(0, len(lines)-mostLogLines):]
	var out []string
	for i, left := len(lines)-1, mostLogBytes; i >= 0 && left > 0; i-- {
		plain := strings.TrimSpace(strings.Map(visible, colourCodes.ReplaceAllString(lines[i], "")))
		if plain == "" {
			continue
		}
		out = append(out, printable.Cut(plain, left))
		left -= len(plain)
	}
	slices.Reverse(out)
	return out
}

// colourCodes are what programs colour their logs with.
var colourCodes = regexp.MustCompile("\x1b\\[[0-9;]*m")

func visible(r rune) rune {
	switch {
	case r == '\t':
		return ' '
	case unicode.IsControl(r):
		return -1
	}
	return r
}
