package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// A Fault is one thing wrong with an input: where it stands, what was found, what would be right.
type Fault struct {
	File    string // file name, or a flag such as --cni; may be empty
	Line    int    // counted from 1; 0 when unknown
	Field   string // path of the field; empty for the file as a whole
	Problem string // what was found, a clause: `is "weev"`
	Remedy  string // what to do, an imperative
}

func (f Fault) Error() string {
	where := f.File
	if f.Line > 0 {
		where = fmt.Sprintf("%s:%d", f.File, f.Line)
	}
	parts := slices.DeleteFunc([]string{where, f.Field}, func(s string) bool { return s == "" })
	text := strings.TrimSpace(strings.Join(parts, ": ") + " " + f.Problem)
	if f.Remedy != "" {
		text += "; " + f.Remedy
	}
	return text
}

// Faults is every fault of an input, one a line when printed.
type Faults []Fault

func (f Faults) Error() string {
	lines := make([]string, len(f))
	for i, fault := range f {
		lines[i] = fault.Error()
	}
	return strings.Join(lines, "\n")
}

// ErrorOrNil returns f as an error, or nil when there is no fault.
func (f Faults) ErrorOrNil() error {
	if len(f) == 0 {
		return nil
	}
	return f
}

// Suggest is the remedy for a word that is not one of the allowed ones: the closest of them, and all.
func Suggest(found string, allowed []string) string {
	if best := Nearest(found, allowed); best != "" {
		return fmt.Sprintf("did you mean %s? Allowed: %s", best, strings.Join(allowed, ", "))
	}
	return "use one of " + strings.Join(allowed, ", ")
}

// Nearest returns the allowed word that differs least from found, by a third of its letters and one at the most, or "".
func Nearest(found string, allowed []string) string {
	found = Clip(found)
	best, least := "", len(found)/3+1
	for _, a := range allowed {
		if d := distance(strings.ToLower(found), strings.ToLower(a)); d <= least && d < len(a) {
			best, least = a, d-1
		}
	}
	return best
}

// distance is the Levenshtein distance of a and b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		last := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := last
			if a[i] != b[j] {
				cost++
			}
			last = row[j+1]
			row[j+1] = min(cost, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}

// Clip shortens a found value for an error message.
func Clip(s string) string { return printable.Cut(s, 60) }
