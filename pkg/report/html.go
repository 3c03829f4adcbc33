package report

import (
	"bytes"
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

//go:embed report.html
var pageText string

var pageTemplate = template.Must(template.New("report.html").Funcs(template.FuncMap{
	"sign":    func(v check.Verdict) string { return signs[v] },
	"percent": func(share float64) float64 { return 100 * share },
	"filled":  func(share float64) float64 { return 100 * min(share, 1) },
	"line":    func(v any) string { return oneLine(fmt.Sprint(v)) },
	"lines":   printable.Lines,
}).Parse(pageText))

// signs tell verdicts apart without colours.
var signs = map[check.Verdict]string{check.Good: "✓", check.Skipped: "–", check.Unknown: "?", check.Pending: "…", check.Degraded: "!", check.Failed: "✗"}

// HTML writes a report as one page that needs nothing else: no script, no picture, no font. The page's own text has no
// control characters; those of others are made visible in the page as a whole.
func HTML(w io.Writer, r *Report) error {
	var page bytes.Buffer
	err := pageTemplate.Execute(&page, struct {
		*Report
		Outcome string
		Unmet   []cause
		Groups  []group
		Matrix  matrix
		Agents  []saying
	}{r, r.Outcome(), worstFirst(r.Checks), groups(r), matrixOf(r.Checks), sayings(r.Checks)})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, printable.Text(page.String()))
	return err
}

// A saying is what the agent of a node says of itself.
type saying struct {
	Addon string
	check.NodeResult
}

func sayings(rows []check.Row) (all []saying) {
	for _, row := range rows {
		for _, n := range row.Nodes {
			if n.Says != "" {
				all = append(all, saying{row.Addon, n})
			}
		}
	}
	if len(all) > mostNodes {
		slices.SortStableFunc(all, func(a, b saying) int { return unmetFirst(a.Verdict) - unmetFirst(b.Verdict) })
		all = all[:mostNodes]
	}
	return all
}

func unmetFirst(v check.Verdict) int {
	if v == check.Failed || v == check.Degraded {
		return 0
	}
	return 1
}

// worstFirst are the causes of what is unmet: what has failed before what is degraded.
func worstFirst(rows []check.Row) []cause {
	all := slices.DeleteFunc(causes(rows), func(c cause) bool { return !isUnmet(c.Verdict) })
	slices.SortStableFunc(all, func(a, b cause) int {
		switch {
		case a.Verdict == b.Verdict:
			return 0
		case check.Worse(a.Verdict, b.Verdict) == a.Verdict:
			return -1
		}
		return 1
	})
	return all
}

// A group is the rows of an addon.
type group struct {
	Subject, Version string
	Rows             []check.Row
}

func groups(r *Report) []group {
	versions := map[string]string{}
	for _, a := range r.Addons {
		versions[a.Name] = a.Version
	}
	var all []group
	for _, row := range r.Checks {
		i := slices.IndexFunc(all, func(g group) bool { return g.Subject == row.Subject() })
		if i < 0 {
			i, all = len(all), append(all, group{row.Subject(), versions[row.Addon], nil})
		}
		all[i].Rows = append(all[i].Rows, row)
	}
	return all
}

// A matrix has what each probe found on each node.
type matrix struct {
	Probes []string
	Lines  []line
	More   int // nodes beyond mostNodes; what is unmet comes first
}

// mostNodes bounds the nodes that a page shows one by one. The JSON of a report has all.
const mostNodes = 100

type line struct {
	Node  string
	Cells []check.NodeResult // one for each probe; without a verdict where nothing is known of the node
}

func matrixOf(rows []check.Row) matrix {
	rows = slices.DeleteFunc(slices.Clone(rows), func(r check.Row) bool { return len(r.Nodes) == 0 })
	var m matrix
	nodes := map[string]int{}
	for column, row := range rows {
		m.Probes = append(m.Probes, row.Check)
		for _, n := range row.Nodes {
			i, seen := nodes[n.Node]
			if !seen {
				i = len(m.Lines)
				nodes[n.Node] = i
				m.Lines = append(m.Lines, line{n.Node, make([]check.NodeResult, len(rows))})
			}
			m.Lines[i].Cells[column] = n
		}
	}
	slices.SortFunc(m.Lines, func(a, b line) int { return strings.Compare(a.Node, b.Node) })
	if m.More = len(m.Lines) - mostNodes; m.More > 0 {
		slices.SortStableFunc(m.Lines, func(a, b line) int { return b.unmet() - a.unmet() })
		m.Lines = m.Lines[:mostNodes]
	}
	return m
}

// unmet counts the probes that have found something on a node.
func (l line) unmet() (n int) {
	for _, c := range l.Cells {
		if c.Verdict == check.Failed || c.Verdict == check.Degraded {
			n++
		}
	}
	return n
}
