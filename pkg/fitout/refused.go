package fitout

import (
	"fmt"
	"strings"

	"github.com/fitout-dev/fitout/pkg/changeset"
)

// A RefusedError says why a run was refused before anything was touched.
type RefusedError struct{ Refusals []changeset.Refusal }

func (e *RefusedError) Error() string { return strings.Join(e.Lines(), "\n") }

// Lines are a line for each reason, and after those that have a remedy in common that remedy.
func (e *RefusedError) Lines() []string {
	var remedies []string
	reasons := map[string][]string{}
	for _, r := range e.Refusals {
		if _, known := reasons[r.Remedy]; !known {
			remedies = append(remedies, r.Remedy)
		}
		reasons[r.Remedy] = append(reasons[r.Remedy], fmt.Sprintf("%s: %s", r.Object, r.Reason))
	}
	var lines []string
	for _, remedy := range remedies {
		lines = append(lines, reasons[remedy]...)
		if remedy != "" {
			lines = append(lines, remedy)
		}
	}
	if len(lines) > 0 {
		lines[0] = "refused, nothing was touched: " + lines[0]
	}
	return lines
}

func refusal(changes *changeset.Set) error {
	if refusals := changes.Refusals(); len(refusals) > 0 {
		return &RefusedError{Refusals: refusals}
	}
	return nil
}

// Refused returns why a run that makes the changes would be refused, as Apply does; nil if it would not.
func Refused(set *changeset.Set) error { return refusal(set) }
