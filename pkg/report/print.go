package report

import (
	"bytes"
	"cmp"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/check"
)

// Table writes a report for people: the checks, or, where nothing was checked, what was done to which object.
func Table(w io.Writer, r *Report) error {
	if len(r.Checks) > 0 {
		if err := checks(w, r); err != nil {
			return err
		}
		return outcome(w, r)
	}
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	switch {
	case r.DryRun || len(r.Addons) == 0:
		changes(tab, r)
	default:
		fmt.Fprintln(tab, "ADDON\tVERSION\tOBJECTS\tDIGEST")
		for _, a := range r.Addons {
			fmt.Fprintf(tab, "%s\t%s\t%d\t%s\n", a.Name, a.Version, a.Objects, a.Digest[:min(len(a.Digest), 19)])
		}
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	return outcome(w, r)
}

func outcome(w io.Writer, r *Report) error {
	_, err := fmt.Fprintf(w, "\n%s: Kubernetes %s, bundle %s, %s\n%s\n", cmp.Or(r.Cluster, "cluster"), r.Kubernetes, r.Bundle, r.Digest, r.Outcome())
	return err
}

// checks writes a line for each row, and below it what there is to know of one that is unmet.
func checks(w io.Writer, r *Report) error {
	var table bytes.Buffer
	tab := tabwriter.NewWriter(&table, 0, 4, 2, ' ', 0)
	rows(tab, r)
	if err := tab.Flush(); err != nil {
		return err
	}
	i := -1 // the heading
	for line := range strings.Lines(table.String()) {
		if i >= 0 {
			line += digest(r.Checks[i])
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
		for line := range strings.Lines(n.Says) {
			text += "      " + strings.TrimRight(line, " \n") + "\n"
		}
	}
	return text
}

// worstOff is the first node with the worst verdict among those that are unmet and whose agents say something.
func worstOff(row check.Row) (worst check.NodeResult) {
	for _, n := range row.Nodes {
		unmet := n.Verdict == check.Degraded || n.Verdict == check.Failed
		if n.Says != "" && unmet && (worst.Says == "" || worst.Verdict == check.Degraded && n.Verdict == check.Failed) {
			worst = n
		}
	}
	return worst
}

func rows(w io.Writer, r *Report) {
	fmt.Fprintln(w, "ADDON\tVERSION\tCHECK\tVERDICT\tDETAIL")
	versions := map[string]string{}
	for _, a := range r.Addons {
		versions[a.Name] = a.Version
	}
	last, reasons := "", map[string]string{}
	for _, row := range r.Checks {
		addon, version := row.Subject(), versions[row.Addon]
		if addon == last {
			addon, version = "", ""
		} else {
			last = addon
		}
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", addon, version, row.Check, row.Verdict, once(reasons, row))
	}
}

// once is the detail of a row. A reason for not being judged that many rows share is told with the first of them.
func once(reasons map[string]string, row check.Row) string {
	text := oneLine(detail(row))
	if row.Verdict != check.NotJudged {
		return text
	}
	if first, told := reasons[text]; told {
		return "as " + first
	}
	reasons[text] = row.Name()
	return text
}

// changes lists what was done, or would be, to the objects that do not stay as they are.
func changes(w io.Writer, r *Report) {
	fmt.Fprintln(w, "WAVE\tACTION\tOBJECT\tNOTE")
	for _, wave := range r.Waves {
		for _, c := range wave.Changes {
			if c.Action != Unchanged {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", wave.Name, c.Action, c.ID, oneLine(strings.Join(append(c.Notes, c.Error), " ")))
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

// oneLine keeps a detail from breaking the table.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ", "\v", " ", "\f", " ").Replace(strings.TrimSpace(s))
}

// Outcome says the outcome in one line: good: 57 unchanged, nothing changed; checks: 33 good, 1 not judged.
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
	if len(r.Checks) > 0 {
		parts = append(parts, verdicts(r.Checks))
	}
	if len(r.Skipped) > 0 {
		parts = append(parts, fmt.Sprintf("%d skipped on request", len(r.Skipped)))
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
	for _, v := range []check.Verdict{check.Good, check.NotJudged, check.Pending, check.Degraded, check.Failed} {
		if counts[v] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", counts[v], v))
		}
	}
	return "checks: " + strings.Join(parts, ", ")
}

// JSON writes a report for programs.
func JSON(w io.Writer, r *Report) error {
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	return encoder.Encode(r)
}

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Errors   int         `xml:"errors,attr"`
	Skipped  int         `xml:"skipped,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitMessage `xml:"failure,omitempty"`
	Error   *junitMessage `xml:"error,omitempty"`
	Skipped *junitMessage `xml:"skipped,omitempty"`
	Out     string        `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the checks as one JUnit test suite: failed and degraded checks are failures, pending and not judged ones
// are skipped, and what ended the run before its end is an error.
func JUnit(w io.Writer, r *Report) error {
	suite := junitSuite{Name: "fitout " + r.Cluster}
	for _, row := range r.Checks {
		c := junitCase{Class: "fitout." + row.Subject(), Name: row.Check, Out: row.Detail}
		message := &junitMessage{Message: string(row.Verdict) + ": " + detail(row), Text: digest(row)}
		switch row.Verdict {
		case check.Failed, check.Degraded:
			c.Failure = message
			suite.Failures++
		case check.Pending, check.NotJudged:
			c.Skipped = message
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, name := range r.Skipped {
		subject, check, _ := strings.Cut(name, "/")
		suite.Cases = append(suite.Cases, junitCase{Class: "fitout." + subject, Name: check, Skipped: &junitMessage{Message: "skipped on request"}})
		suite.Skipped++
	}
	if r.Error != "" {
		suite.Cases = append(suite.Cases, junitCase{Class: "fitout.cluster", Name: "run", Error: &junitMessage{Message: r.Error}})
		suite.Errors++
	}
	suite.Tests = len(suite.Cases)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suite); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}
