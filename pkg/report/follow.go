package report

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A Follower writes the reports of a watch for people: the table once, then a line for each row that changes its verdict.
type Follower struct {
	W io.Writer

	last   *Report // that came to its end
	broken bool    // the one after it did not
}

// Tell writes what is new in a report.
func (f *Follower) Tell(r *Report) error {
	if f.last == nil && r.Error == "" {
		f.last, f.broken = r, false
		return Table(f.W, r)
	}
	for _, c := range f.changes(r) {
		if _, err := printable.Fprintf(f.W, "%s %s\n", r.Time.UTC().Format(time.RFC3339), c); err != nil {
			return err
		}
	}
	if f.broken = r.Error != ""; !f.broken {
		f.last = r
	}
	return nil
}

// changes are what is new. A check that did not come to its end says nothing of its rows.
func (f *Follower) changes(r *Report) []RowChange {
	const run = "cluster/run"
	switch {
	case r.Error != "" && f.broken:
		return nil
	case r.Error != "":
		from := check.Verdict("")
		if f.last != nil {
			from = f.last.Verdict
		}
		return []RowChange{{run, from, check.Failed, r.Error}}
	case f.broken:
		return append([]RowChange{{run, check.Failed, r.Verdict, "can be checked again"}}, Changed(f.last, r)...)
	}
	return Changed(f.last, r)
}

// A RowChange is a row that has another verdict than before. From is empty for a row that was not there, To for one that
// is there no more.
type RowChange struct {
	Name     string // addon/check
	From, To check.Verdict
	Detail   string
}

func (c RowChange) String() string {
	from, to := string(c.From), string(c.To)
	if from == "" {
		from = "new"
	}
	if to == "" {
		to = "gone"
	}
	return fmt.Sprintf("%s: %s -> %s: %s", c.Name, from, to, strings.TrimSpace(c.Detail))
}

// Changed returns the rows with another verdict than before, in the order of the later report.
func Changed(before, after *Report) []RowChange {
	var changes []RowChange
	old, now := byName(before.Checks), byName(after.Checks)
	for _, row := range numbered(after.Checks) {
		if was := old[row.name]; was.Verdict != row.Verdict {
			changes = append(changes, RowChange{row.Name(), was.Verdict, row.Verdict, detail(row.Row)})
		}
	}
	for _, row := range numbered(before.Checks) {
		if _, still := now[row.name]; !still {
			changes = append(changes, RowChange{row.Name(), row.Verdict, "", row.Detail})
		}
	}
	return changes
}

// A numberedRow has a name of its own, also where an addon has several rows of one check.
type numberedRow struct {
	check.Row
	name string
}

func numbered(rows []check.Row) []numberedRow {
	seen := map[string]int{}
	out := make([]numberedRow, len(rows))
	for i, row := range rows {
		seen[row.Name()]++
		out[i] = numberedRow{row, fmt.Sprintf("%s %d", row.Name(), seen[row.Name()])}
	}
	return out
}

func byName(rows []check.Row) map[string]check.Row {
	named := map[string]check.Row{}
	for _, row := range numbered(rows) {
		named[row.name] = row.Row
	}
	return named
}

// Line writes a report for programs on one line, so that several of them are newline-delimited JSON.
func Line(w io.Writer, r *Report) error { return printable.JSON(w, r, "") }
