package upgrade

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// summary is the plan in one line: rolls 2 DaemonSets on 12 nodes and 1 Deployment; 36 objects only get new labels; nothing is
// recreated; can be undone.
func (p *Plan) summary() string {
	t := p.tally()
	var parts []string
	if rolls := t.rolls(); rolls != "" {
		parts = append(parts, rolls)
	}
	for _, class := range []struct {
		class Class
		text  string
	}{{Reload, "reloads %s without a restart"}, {Configuration, "configures %s"}, {Moved, "moves %s"}, {Added, "adds %s"}, {Removed, "removes %s"}, {Kept, "leaves %s that the bundle no longer has"}} {
		if n := t.classes[class.class]; n > 0 {
			parts = append(parts, fmt.Sprintf(class.text, printable.Count(n, "object")))
		}
	}
	if n := t.classes[Labels]; n > 0 {
		parts = append(parts, fmt.Sprintf("%s only %s new labels", printable.Count(n, "object"), map[bool]string{true: "gets", false: "get"}[n == 1]))
	}
	if len(parts) == 0 {
		parts = append(parts, "nothing to do")
	}
	switch n := t.classes[Recreated]; n {
	case 0:
		parts = append(parts, "nothing is recreated")
	default:
		parts = append(parts, "deletes and recreates "+printable.Count(n, "object"))
	}
	parts = append(parts, t.undo())
	summary := strings.Join(parts, "; ")
	if names := undecidedNames(p.Undecided()); len(names) > 0 {
		return fmt.Sprintf("needs %s (%s); it %s", printable.Count(len(p.Undecided()), "decision"), strings.Join(names, ", "), summary)
	}
	return summary
}

func undecidedNames(decisions []Decision) []string {
	var names []string
	for _, d := range decisions {
		if !slices.Contains(names, d.Name) {
			names = append(names, d.Name)
		}
	}
	return names
}

// A tally counts what a plan does.
type tally struct {
	classes map[Class]int
	kinds   []string // of workloads that roll, in the order in which they are told
	rolling map[string]int
	nodes   int64 // the most on which a DaemonSet rolls; 0 if that is not known
	final   []string
}

func (p *Plan) tally() tally {
	t := tally{classes: map[Class]int{}, rolling: map[string]int{}}
	for _, a := range p.Addons {
		for _, o := range a.Objects {
			if o.Class == Moved && o.Moved == nil {
				continue // it is told of where it goes to
			}
			t.classes[o.Class]++
			for _, r := range o.Rollouts {
				t.rolling[r.Workload.Kind]++
				if r.Workload.Kind == "DaemonSet" {
					t.nodes = max(t.nodes, r.Pods)
				}
			}
			if o.Undo.Reason != "" {
				t.final = append(t.final, o.Object.String())
			}
		}
	}
	for kind := range t.rolling {
		t.kinds = append(t.kinds, kind)
	}
	slices.Sort(t.kinds)
	return t
}

func (t tally) rolls() string {
	var parts []string
	for _, kind := range t.kinds {
		part := printable.Count(t.rolling[kind], kind)
		if kind == "DaemonSet" && t.nodes > 0 {
			part += " on " + printable.Count(t.nodes, "node")
		} else if kind == "DaemonSet" {
			part += " on every node"
		}
		parts = append(parts, part)
	}
	if len(parts) == 0 {
		return ""
	}
	return "rolls " + strings.Join(parts, " and ")
}

func (t tally) undo() string {
	switch n := len(t.final); {
	case n == 0:
		return "can be undone"
	case n == 1:
		return "can be undone but for " + t.final[0]
	default:
		return fmt.Sprintf("can be undone but for %s", printable.Count(n, "object"))
	}
}

// rolloutText says how pods are replaced: 12 pods, 1 at a time, at least 24s.
func rolloutText(r changeset.Rollout) string {
	pods := printable.Count(r.Pods, "pod")
	if r.Pods == 0 {
		pods = "a pod on every node"
	}
	how := "all at once"
	if r.AtOnce > 0 && r.AtOnce != r.Pods {
		how = fmt.Sprintf("%d at a time", r.AtOnce)
	}
	least := fmt.Sprintf("at least %ds each", r.RoundSeconds)
	if r.Rounds > 0 {
		least = fmt.Sprintf("at least %ds", r.LeastSeconds())
	}
	end := fmt.Sprintf("old pods may take %ds more to end", r.GraceSeconds)
	if r.Gap {
		end += ", and new ones start after that"
	}
	return fmt.Sprintf("%s, %s, %s; %s", pods, how, least, end)
}
