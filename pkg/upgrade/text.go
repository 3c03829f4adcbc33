package upgrade

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// Text prints the plan: the summary, what has to be decided on, then each addon with its objects. Objects of which only labels
// change are counted.
func (p *Plan) Text() string {
	var b strings.Builder
	line := func(text string) { b.WriteString(printable.Line(text) + "\n") }
	line(fmt.Sprintf("upgrade from %s to %s: %s", p.From.Kubernetes, p.To.Kubernetes, p.Summary))
	for _, d := range p.Decisions {
		line(d.String())
	}
	for _, c := range p.Preconditions {
		for _, l := range c.Lines() {
			line(l)
		}
	}
	for _, a := range p.Addons {
		b.WriteString(a.Text())
	}
	return b.String()
}

// Lines are a line for each reason, or one for a precondition that is met or skipped.
func (c Precondition) Lines() []string {
	if len(c.Reasons) == 0 {
		return []string{fmt.Sprintf("precondition %s: %s", c.Name, c.Verdict)}
	}
	var all []string
	for _, r := range c.Reasons {
		text := fmt.Sprintf("precondition %s: %s: %s", c.Name, c.Verdict, r)
		if c.Verdict == Unmet {
			text += fmt.Sprintf(" (--skip %s)", c.Name)
		}
		all = append(all, text)
	}
	return all
}

func (d Decision) String() string {
	subject := d.Addon
	if d.Object != nil {
		subject = d.Object.String()
	}
	text := d.Reason
	if subject != "" && !strings.HasPrefix(text, subject) {
		text = subject + ": " + text
	}
	if d.Accepted {
		return fmt.Sprintf("accepted %s: %s", d.Name, text)
	}
	if d.Remedy != "" {
		text += " (" + d.Remedy + ")"
	}
	return fmt.Sprintf("decision needed, %s: %s", d.Name, text)
}

// Text prints one addon.
func (a Addon) Text() string {
	var b strings.Builder
	line := func(text string) { b.WriteString(printable.Line(text) + "\n") }
	folded := map[Class]int{}
	var lines []string
	for _, o := range a.Objects {
		switch {
		case o.Class == Unchanged || o.Class == Labels:
			folded[o.Class]++
		case o.Class == Moved && o.Moved == nil: // it is told of where it goes to
		default:
			lines = append(lines, "  "+o.String())
		}
	}
	line(a.title())
	for _, l := range lines {
		line(l)
	}
	for _, class := range []Class{Labels, Unchanged} {
		if n := folded[class]; n > 0 {
			line(fmt.Sprintf("  %s: %s", class, printable.Count(n, "object")))
		}
	}
	return b.String()
}

// title is the addon with its versions and its phase.
func (a Addon) title() string {
	switch {
	case a.From == "" && a.To == "":
		return a.Name
	case a.From == "":
		return fmt.Sprintf("%s %s is new, %s", a.Name, a.To, a.Phase)
	case a.To == "":
		return fmt.Sprintf("%s %s goes, %s", a.Name, a.From, AfterNodes)
	case a.From == a.To:
		return fmt.Sprintf("%s %s, %s", a.Name, a.To, a.Phase)
	}
	return fmt.Sprintf("%s %s to %s, %s", a.Name, a.From, a.To, a.Phase)
}

func (o Object) String() string {
	parts := []string{}
	if o.Moved != nil {
		parts = append(parts, "in the place of "+o.Moved.String())
	}
	for _, r := range o.Rollouts {
		parts = append(parts, rolloutText(r))
	}
	if len(o.Rollouts) == 0 {
		for _, p := range o.Pods {
			if p.Count > 0 || p.Workload != o.Object { // 0 where nodes are not known
				parts = append(parts, o.reaction(p))
			}
		}
	}
	if o.Class == Configuration || o.Class == Reload {
		parts = append(parts, o.changed()...)
	}
	if o.Reason != "" {
		parts = append(parts, o.Reason)
	}
	if o.Undo.Reason != "" {
		parts = append(parts, "cannot be undone: "+o.Undo.Reason)
	}
	text := fmt.Sprintf("%s: %s", o.Class, o.Object)
	if len(parts) > 0 {
		text += ": " + strings.Join(parts, "; ")
	}
	return text
}

// reaction says what becomes of pods. Those that read a ConfigMap or Secret as they restart do not restart for it.
func (o Object) reaction(p changeset.Pods) string {
	if p.Reaction == changeset.Restarts && p.Workload != o.Object {
		return fmt.Sprintf("%s reads it as it restarts", p.Workload)
	}
	return p.String()
}

// maxFields is how many fields of an object are named.
const maxFields = 3

// changed names the fields that change, but for labels and annotations.
func (o Object) changed() []string {
	var names []string
	for _, f := range o.Fields {
		if !strings.HasPrefix(f.Path, "metadata.") {
			names = append(names, f.Path)
		}
	}
	if len(names) == 0 {
		return nil
	}
	text := strings.Join(names[:min(len(names), maxFields)], ", ")
	if more := len(names) - maxFields; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return []string{"changes " + text}
}
