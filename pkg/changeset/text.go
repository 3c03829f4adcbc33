package changeset

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/objectdiff"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// Text prints the set: a summary, then a line for each change that is made, by waves, with its reason and effect; objects that
// stay as they are are counted.
func (s *Set) Text() string {
	var b strings.Builder
	printable.Fprintln(&b, s.Summary())
	for _, f := range s.Faults {
		printable.Fprintf(&b, "refused: %s: %s\n", f.Object, f.Reason)
	}
	for i, name := range s.Waves {
		writeChanges(&b, fmt.Sprintf("wave %d/%d %s", i+1, len(s.Waves), name), s.OfWave(i))
	}
	if len(s.Removals) > 0 {
		writeChanges(&b, "prune", s.Removals)
	}
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
		lines = append(lines, c.Lines()...)
	}
	if unchanged > 0 {
		title += fmt.Sprintf(": %d unchanged", unchanged)
	}
	printable.Fprintln(b, title)
	for _, line := range lines {
		printable.Fprintf(b, "  %s\n", line)
	}
}

// Lines are the change itself, then, indented, what it does to whom.
func (c Change) Lines() []string {
	line := fmt.Sprintf("%s %s", c.Action, c.ID)
	if about := c.about(); about != "" {
		line += ": " + about
	}
	lines := []string{line}
	refused := map[string]bool{} // that is said once
	for _, r := range c.Refusals {
		refused[r.Reason] = true
	}
	for _, l := range c.Lost {
		if !refused[l] {
			lines = append(lines, "  lost: "+l)
		}
	}
	for _, conflict := range c.Conflicts {
		if text := conflict.Text(); !refused[text] {
			lines = append(lines, fmt.Sprintf("  %s: %s", c.Policy, text))
		}
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
	} else if what := c.differences(); what != "" {
		parts = append(parts, what)
	}
	if c.Effect == Metadata {
		parts = append(parts, "labels and annotations only")
	}
	for _, p := range c.Pods {
		if c.Effect != Restart && p.Reaction == Restarts && (c.ID.Kind == "ConfigMap" || c.ID.Kind == "Secret") {
			parts = append(parts, fmt.Sprintf("%s reads it as it restarts", p.Workload))
			continue
		}
		parts = append(parts, p.String())
	}
	if c.Undo != "" {
		parts = append(parts, "not undone by the previous bundle: "+c.Undo)
	}
	return strings.Join(parts, "; ")
}

// differences says how the first field differs, and how many more do.
func (c Change) differences() string {
	switch {
	case len(c.Fields) > 0:
		return told(c, c.Fields, len(c.Going))
	case len(c.Going) > 0:
		return told(c, c.Going, 0)
	}
	return ""
}

// told says how the first of the fields differs, and how many more do, apart from others that are counted only.
func told(c Change, fields []objectdiff.Difference, others int) string {
	text := textOf(c, fields[0])
	if more := len(fields) - 1 + others; more > 0 {
		text += fmt.Sprintf(" (and %d more)", more)
	}
	return text
}

// textOf says how a field differs. Values of Secrets and of environment variables, where passwords may be, are left out.
func textOf(c Change, d objectdiff.Difference) string {
	switch {
	case d.Want == nil:
		return d.Path + " goes"
	case secret(c, d.Path):
		return d.Path + " is not as rendered"
	}
	return d.String()
}

// secret reports whether the value of a field may be one.
func secret(c Change, path string) bool {
	return c.ID.Kind == "Secret" || strings.Contains(path, ".env[") || strings.HasSuffix(path, ".env")
}

// Summary is the set in one line: creates 3, changes 5 (restarts 12 pods of DaemonSet kube-system/kube-proxy on 12 nodes), 36
// get new labels or annotations only, prunes 1; nothing is recreated.
func (s *Set) Summary() string {
	t := s.tally()
	var parts []string
	add := func(n int, format, about string) {
		if n > 0 {
			if about != "" {
				about = " (" + about + ")"
			}
			parts = append(parts, fmt.Sprintf(format, n)+about)
		}
	}
	add(t.actions[Create], "creates %d", "")
	add(t.actions[Configure]-t.labels-t.again, "changes %d", strings.Join(t.reactions, "; "))
	add(t.labels, "gives new labels or annotations to %d", "")
	add(t.again, "applies %d again, of which no field differs", "")
	add(t.actions[Adopt], "adopts %d", strings.Join(t.adopted, "; "))
	add(t.actions[Recreate], "deletes and recreates %d", strings.Join(t.recreated, ", "))
	add(t.actions[Prune], "prunes %d", strings.Join(t.stopped, "; "))
	add(t.actions[Keep], "keeps %d that are no longer wanted", "")
	if len(parts) == 0 || s.Empty() {
		parts = append([]string{"nothing to do"}, parts...)
	}
	add(t.actions[Unchanged], "leaves %d unchanged", "")
	summary := strings.Join(parts, ", ")
	if t.actions[Recreate] == 0 && t.actions[Configure]+t.actions[Adopt]+t.actions[Prune] > 0 {
		summary += "; nothing is recreated"
	}
	if n := len(s.Refusals()); n > 0 {
		return fmt.Sprintf("refused for %s; otherwise it %s", printable.Count(n, "reason"), summary)
	}
	return summary
}

// A tally counts the changes of a set.
type tally struct {
	actions                                map[Action]int
	labels                                 int // changes of labels and annotations alone
	again                                  int // objects that are sent although no field differs
	reactions, adopted, recreated, stopped []string
}

func (s *Set) tally() tally {
	t := tally{actions: map[Action]int{}}
	for _, c := range s.All() {
		t.actions[c.Action]++
		switch {
		case c.Action == Configure && c.Effect == Metadata:
			t.labels++
		case c.Action == Configure && c.Effect == NoEffect:
			t.again++
		}
		if c.Action == Recreate {
			t.recreated = append(t.recreated, c.ID.String())
		}
		if c.Effect != Restart && c.Effect != Reload && c.Effect != Removal {
			continue
		}
		list := map[Action]*[]string{Configure: &t.reactions, Adopt: &t.adopted, Prune: &t.stopped}[c.Action]
		for _, p := range c.Pods {
			if c.Effect == Reload && p.Reaction != Reloads {
				continue
			}
			if text := p.String(); list != nil && !slices.Contains(*list, text) {
				*list = append(*list, text)
			}
		}
	}
	return t
}
