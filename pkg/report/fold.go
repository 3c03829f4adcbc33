package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
)

// A cause is a row with the other rows that are unmet for the same cause. A row without a known cause stands alone.
type cause struct {
	check.Row
	Means string      // what the rows have in common, unless the digest of the row says it
	Also  []check.Row // in the order of the report
}

// notApplied is the cause of the unmet rows of addons of which no object is in the cluster.
const notApplied = "not-applied"

// causes folds rows: those with one cause are told below the row that is closest to it, which stays where it is.
func causes(rows []check.Row) []cause {
	keys, leads := make([]string, len(rows)), map[string]int{}
	absent := absentAddons(rows)
	for i, row := range rows {
		key := causeOf(row, absent)
		if keys[i] = key; key == "" {
			continue
		}
		if at, known := leads[key]; !known || closer(row, rows[at], key) {
			leads[key] = i
		}
	}
	var all []cause
	at := map[string]int{}
	for i, row := range rows {
		if keys[i] == "" || leads[keys[i]] == i {
			at[keys[i]] = len(all)
			all = append(all, cause{Row: row})
		}
	}
	for i, row := range rows {
		if keys[i] != "" && leads[keys[i]] != i {
			lead := &all[at[keys[i]]]
			lead.Also = append(lead.Also, row)
		}
	}
	if i, found := at[notApplied]; found {
		all[i].Means, all[i].Digest = nothingOf(absent, rows), nil
	}
	return all
}

// absentAddons are the addons of which no object is in the cluster.
func absentAddons(rows []check.Row) []string {
	var names []string
	for _, row := range rows {
		if row.Absent {
			names = append(names, row.Addon)
		}
	}
	return names
}

// causeOf is the same text for rows with one cause, empty for a row that is met, or whose cause is not known.
func causeOf(row check.Row, absent []string) string {
	switch {
	case row.Verdict == check.Good || row.Verdict == check.Pending:
		return ""
	case slices.Contains(absent, row.Addon):
		return notApplied
	case !isUnmet(row.Verdict) || row.Digest == nil || row.Digest.Cause == "" || row.Digest.Cause == check.Unexplained:
		return ""
	}
	return row.Digest.Cause + " " + row.Digest.Explanation
}

// closer reports whether a row is closer to a cause than another: it is about the object itself, not about what rests on it.
func closer(row, than check.Row, key string) bool {
	if key == notApplied {
		return row.Absent && !than.Absent
	}
	return row.Digest.Part == "" && than.Digest.Part != ""
}

// nothingOf says which addons are absent.
func nothingOf(absent []string, rows []check.Row) string {
	whole := !slices.ContainsFunc(rows, func(r check.Row) bool { return r.Check == check.Present && !r.Absent })
	what := strings.Join(absent, ", ")
	if whole && len(absent) > 1 {
		what = "the bundle"
	}
	return fmt.Sprintf("%s: nothing of %s is in the cluster", notApplied, what)
}

// below is what stands below the row in a table.
func (c cause) below() string {
	text := ""
	if c.Means != "" {
		text = "    " + oneLine(c.Means) + "\n"
	}
	text += digest(c.Row)
	if len(c.Also) > 0 {
		text += fmt.Sprintf("    the same explains %d more:\n", len(c.Also))
	}
	for _, line := range listed(c.Also) {
		text += "      " + oneLine(line) + "\n"
	}
	return text
}

// listed names rows, a line for each addon: coredns: failed: accounts, ready; skipped: unchanged.
func listed(rows []check.Row) []string {
	var lines []string
	for len(rows) > 0 {
		subject, verdict, line := rows[0].Subject(), check.Verdict(""), ""
		count := 0
		for ; count < len(rows) && rows[count].Subject() == subject; count++ {
			row := rows[count]
			switch {
			case row.Verdict == verdict:
				line += ", " + row.Check
			case verdict == "":
				line = fmt.Sprintf("%s: %s: %s", subject, row.Verdict, row.Check)
			default:
				line += fmt.Sprintf("; %s: %s", row.Verdict, row.Check)
			}
			verdict = row.Verdict
		}
		lines, rows = append(lines, line), rows[count:]
	}
	return lines
}
