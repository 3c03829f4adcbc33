package report

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// Table writes a report for people: the checks, or, if nothing was checked, what was done to which object.
func Table(w io.Writer, r *Report) error {
	if len(r.Checks) > 0 {
		if err := checks(w, r); err != nil {
			return err
		}
		return outcome(w, r)
	}
	if r.aboutNothing() {
		for _, text := range append(r.Warnings, r.Outcome()) {
			if _, err := fmt.Fprintln(w, printable.Line(text)); err != nil {
				return err
			}
		}
		return nil
	}
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	switch {
	case r.DryRun && r.Set != nil:
		if _, err := io.WriteString(w, r.Set.Text()); err != nil {
			return err
		}
	case r.DryRun || len(r.Addons) == 0:
		changes(tab, r)
	default:
		fmt.Fprintln(tab, "ADDON\tVERSION\tOBJECTS\tDIGEST")
		for _, a := range r.Addons {
			printable.Fprintf(tab, "%s\t%s\t%d\t%s\n", a.Name, a.Version, a.Objects, a.Digest[:min(len(a.Digest), 19)])
		}
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	for _, wave := range r.Waves {
		for _, what := range wave.Without {
			if _, err := printable.Fprintf(w, "not ready in wave %s: %s\n", wave.Name, what); err != nil {
				return err
			}
		}
	}
	return outcome(w, r)
}

// aboutNothing reports whether a run has found nothing to do anything with, and says so in its warnings.
func (r *Report) aboutNothing() bool {
	return len(r.Warnings) > 0 && r.Error == "" && r.Set == nil && len(r.Addons)+len(r.Waves)+len(r.Checks) == 0
}

func outcome(w io.Writer, r *Report) error {
	_, err := printable.Fprintf(w, "\n%s: Kubernetes %s, bundle %s, %s\n%s\n", cmp.Or(r.Cluster, "cluster"), r.Kubernetes, r.Bundle, r.Digest, r.Outcome())
	return err
}

// checks writes a line for each cause and each row that has none, and below it what else there is to know of one that is unmet.
func checks(w io.Writer, r *Report) error {
	all := causes(r.Checks)
	var table bytes.Buffer
	tab := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	rows(tab, r, all)
	if err := tab.Flush(); err != nil {
		return err
	}
	i := -1 // the heading
	for line := range strings.Lines(table.String()) {
		if i >= 0 {
			line += all[i].below()
		}
		if _, err := io.WriteString(w, line); err != nil {
			return err
		}
		i++
	}
	return nil
}

// digest is what there is to know of an unmet row, indented: its digest, and what the agent says that is worst off.
func digest(row check.Row) string {
	text := ""
	if row.Digest != nil {
		for _, line := range row.Digest.Lines() {
			text += "    " + oneLine(line) + "\n"
		}
	}
	if n := worstOff(row); n.Says != "" {
		text += "    " + oneLine(n.Node) + " says:\n"
		for _, line := range printable.Lines(n.Says) {
			text += "      | " + line + "\n" // so that none passes for a line of ours
		}
	}
	return text
}

// worstOff is the first node with the worst verdict among those that are unmet and whose agents say something.
func worstOff(row check.Row) (worst check.NodeResult) {
	for _, n := range row.Nodes {
		if n.Says != "" && isUnmet(n.Verdict) && (worst.Says == "" || worst.Verdict == check.Degraded && n.Verdict == check.Failed) {
			worst = n
		}
	}
	return worst
}

func isUnmet(v check.Verdict) bool { return v == check.Degraded || v == check.Failed }

func rows(w io.Writer, r *Report, all []cause) {
	fmt.Fprintln(w, "ADDON\tVERSION\tCHECK\tVERDICT\tDETAIL")
	versions := map[string]string{}
	for _, a := range r.Addons {
		versions[a.Name] = a.Version
	}
	last, reasons := "", map[string]string{}
	for _, row := range all {
		addon, version := row.Subject(), versions[row.Addon]
		if addon == last {
			addon, version = "", ""
		} else {
			last = addon
		}
		printable.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", addon, version, row.Check, row.Verdict, once(reasons, row.Row))
	}
}

// once is the detail of a row. A reason for which several rows have no verdict is told with the first of them.
func once(reasons map[string]string, row check.Row) string {
	text := oneLine(detail(row))
	if row.Verdict != check.Unknown && row.Verdict != check.Skipped {
		return text
	}
	key := string(row.Verdict) + " " + text
	if first, told := reasons[key]; told {
		return "same cause as " + oneLine(first)
	}
	reasons[key] = row.Name()
	return text
}

// changes lists what was done, or would be, to the objects that do not stay as they are.
func changes(w io.Writer, r *Report) {
	fmt.Fprintln(w, "WAVE\tACTION\tOBJECT\tNOTE")
	for _, wave := range r.Waves {
		for _, c := range wave.Changes {
			if c.Action != Unchanged {
				printable.Fprintf(w, "%s\t%s\t%s\t%s\n", wave.Name, c.Action, c.ID, strings.TrimSpace(strings.Join(append(c.Notes, c.Error), " ")))
			}
		}
	}
}

func detail(row check.Row) string {
	if row.Remedy == "" || row.Verdict == check.Good {
		return row.Detail
	}
	return row.Detail + "; " + row.Remedy
}

// oneLine is a text of others as a cell of a table, or a line of a list.
func oneLine(s string) string { return printable.Line(strings.TrimSpace(s)) }

// Outcome says the outcome in one line: good: 57 unchanged, nothing changed; checks: 33 good, 1 unknown.
func (r *Report) Outcome() string {
	var applied []string
	counts := r.Counts()
	for _, a := range Actions {
		if counts[a] > 0 {
			applied = append(applied, fmt.Sprintf("%d %s", counts[a], a))
		}
	}
	if len(r.Waves) > 0 && counts[Unchanged]+counts[Kept] == r.total() {
		applied = append(applied, "nothing changed")
	}
	var parts []string
	if len(applied) > 0 {
		parts = append(parts, strings.Join(applied, ", "))
	}
	if n := r.Deviations(); n > 0 {
		parts = append(parts, fmt.Sprintf("%d not as decided, since others changed them meanwhile", n))
	}
	if len(r.Checks) > 0 {
		parts = append(parts, verdicts(r.Checks))
	}
	if len(r.Skipped) > 0 {
		parts = append(parts, fmt.Sprintf("%d left out on request", len(r.Skipped)))
	}
	if r.Set != nil && r.Error != "" && len(r.Waves) == 0 {
		if n := len(r.Set.Refusals()); n > 0 {
			parts = append(parts, fmt.Sprintf("refused for %s, nothing was touched", printable.Count(n, "reason")))
		}
	}
	if r.Paused != "" {
		parts = append(parts, r.Paused)
	}
	if len(parts) == 0 && r.Error != "" {
		parts = append(parts, oneLine(r.Error))
	}
	if len(parts) == 0 {
		return string(r.Verdict)
	}
	if r.DryRun {
		return "dry run, nothing was done: " + strings.Join(parts, "; ")
	}
	return fmt.Sprintf("%s: %s", r.Verdict, strings.Join(parts, "; "))
}

func verdicts(rows []check.Row) string {
	counts := map[check.Verdict]int{}
	for _, row := range rows {
		counts[row.Verdict]++
	}
	var parts []string
	for _, v := range []check.Verdict{check.Good, check.Skipped, check.Unknown, check.Pending, check.Degraded, check.Failed} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	return "checks: " + strings.Join(parts, ", ")
}

// JSON writes a report for programs, with every row and all text.
func JSON(w io.Writer, r *Report) error { return printable.JSON(w, r, "  ") }
