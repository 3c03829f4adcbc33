package report

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/fitout-dev/fitout/pkg/check"
)

// Table writes a report for people.
func Table(w io.Writer, r *Report) error {
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	if len(r.Checks) > 0 {
		fmt.Fprintln(tab, "ADDON\tVERSION\tCHECK\tVERDICT\tDETAIL")
		versions := map[string]string{}
		for _, a := range r.Addons {
			versions[a.Name] = a.Version
		}
		last := ""
		for _, row := range r.Checks {
			addon, version := subject(row), versions[row.Addon]
			if addon == last {
				addon, version = "", ""
			} else {
				last = addon
			}
			fmt.Fprintf(tab, "%s\t%s\t%s\t%s\t%s\n", addon, version, row.Check, row.Verdict, oneLine(detail(row)))
		}
	} else {
		fmt.Fprintln(tab, "ADDON\tVERSION\tOBJECTS\tDIGEST")
		for _, a := range r.Addons {
			fmt.Fprintf(tab, "%s\t%s\t%d\t%s\n", a.Name, a.Version, a.Objects, a.Digest[:min(len(a.Digest), 19)])
		}
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(w, "\n%s: Kubernetes %s, bundle %s, %s\n%s\n", r.Cluster, r.Kubernetes, r.Bundle, r.Digest, r.Outcome())
	return err
}

// subject is what a row is about: an addon, or the cluster.
func subject(row check.Row) string {
	if row.Addon == "" {
		return "cluster"
	}
	return row.Addon
}

func detail(row check.Row) string {
	if row.Remedy == "" || row.Verdict == check.Good {
		return row.Detail
	}
	return row.Detail + "; " + row.Remedy
}

// oneLine keeps a detail from breaking the table.
func oneLine(s string) string {
	return strings.NewReplacer("\r\n", " ", "\n", " ", "\r", " ", "\t", " ").Replace(strings.TrimSpace(s))
}

// Outcome says the outcome in one line: good: 57 unchanged, nothing changed; checks: 33 good, 1 not judged.
func (r *Report) Outcome() string {
	var applied []string
	counts := r.Counts()
	for _, a := range []Action{Created, Configured, Unchanged, Failed} {
		if counts[a] > 0 {
			applied = append(applied, fmt.Sprintf("%d %s", counts[a], a))
		}
	}
	if len(r.Waves) > 0 && counts[Created]+counts[Configured]+counts[Failed] == 0 {
		applied = append(applied, "nothing changed")
	}
	var parts []string
	if len(applied) > 0 {
		parts = append(parts, strings.Join(applied, ", "))
	}
	if len(r.Checks) > 0 {
		parts = append(parts, verdicts(r.Checks))
	}
	if len(parts) == 0 && r.Error != "" {
		parts = append(parts, oneLine(r.Error))
	}
	if len(parts) == 0 {
		return string(r.Verdict)
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
}

// JUnit writes the checks as one JUnit test suite: failed and degraded checks are failures, pending and not judged ones
// are skipped, and what ended the run before its end is an error.
func JUnit(w io.Writer, r *Report) error {
	suite := junitSuite{Name: "fitout " + r.Cluster}
	for _, row := range r.Checks {
		c := junitCase{Class: "fitout." + subject(row), Name: row.Check, Out: row.Detail}
		message := &junitMessage{Message: string(row.Verdict) + ": " + detail(row)}
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
