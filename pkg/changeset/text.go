package changeset

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/objectdiff"
)

// Text prints the set: a line for each change that is made, by waves, with its reason and effect; objects that stay as they
// are are counted.
func (s *Set) Text() string {
	var b strings.Builder
	for i, name := range s.Waves {
		writeChanges(&b, fmt.Sprintf("wave %d/%d %s", i+1, len(s.Waves), name), s.OfWave(i))
	}
	if len(s.Removals) > 0 {
		writeChanges(&b, "prune", s.Removals)
	}
	b.WriteString(s.Summary() + "\n")
	return b.String()
}

func writeChanges(b *strings.Builder, title string, changes []Change) {
	unchanged := 0
	var lines []string
	for _, c := range changes {
		if c.Action == Unchanged && len(c.Conflicts) == 0 {
			unchanged++
			continue
		}
		lines = append(lines, c.lines()...)
	}
	if unchanged > 0 {
		title += fmt.Sprintf(": %d unchanged", unchanged)
	}
	b.WriteString(title + "\n")
	for _, line := range lines {
		b.WriteString("  " + line + "\n")
	}
}

// lines are the change itself, then what it does to whom.
func (c Change) lines() []string {
	line := fmt.Sprintf("%s %s", c.Action, c.ID)
	if about := c.about(); about != "" {
		line += ": " + about
	}
	lines := []string{line}
	for _, l := range c.Lost {
		lines = append(lines, "  lost: "+l)
	}
	for _, conflict := range c.Conflicts {
		lines = append(lines, fmt.Sprintf("  %s: %s", c.Policy, conflict.Text()))
	}
	for _, r := range c.Refusals {
		lines = append(lines, "  refused: "+r.Reason)
	}
	return lines
}

func (c Change) about() string {
	var parts []string
	if c.Reason != "" {
		parts = append(parts, c.Reason)
	} else if len(c.Fields) > 0 {
		parts = append(parts, told(c, c.Fields))
	}
	switch c.Effect {
	case Restart:
		parts = append(parts, "restarts "+c.Pods)
	case Metadata:
		parts = append(parts, "labels and annotations only")
	}
	if c.Undo != "" {
		parts = append(parts, "cannot be undone: "+c.Undo)
	}
	return strings.Join(parts, "; ")
}

// told says how the first of the fields differs, and how many more do. Values of Secrets are left out.
func told(c Change, fields []objectdiff.Difference) string {
	text := fields[0].String()
	if c.ID.Kind == "Secret" {
		text = fields[0].Path + " is not as rendered"
	}
	if more := len(fields) - 1; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// Summary counts the changes by their action: 3 create, 38 unchanged.
func (s *Set) Summary() string {
	counts := map[Action]int{}
	refused := 0
	for _, c := range s.All() {
		counts[c.Action]++
		if len(c.Refusals) > 0 {
			refused++
		}
	}
	var parts []string
	for _, a := range Actions {
		if counts[a] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[a], a))
		}
	}
	if refused > 0 {
		parts = append(parts, fmt.Sprintf("%d refused", refused))
	}
	if len(parts) == 0 {
		return "nothing to do"
	}
	return strings.Join(parts, ", ")
}
