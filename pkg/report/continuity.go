package report

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// ContinuityKind is the kind of a Continuity in its JSON form.
const ContinuityKind = "Continuity"

// A Continuity is the account of what a cluster went on doing while a command ran.
type Continuity struct {
	APIVersion    string      `json:"apiVersion"`
	Kind          string      `json:"kind"`
	Cluster       string      `json:"cluster"`
	Kubernetes    string      `json:"kubernetes"`
	Bundle        string      `json:"bundle"`
	Command       []string    `json:"command"`
	Exit          int         `json:"exit"` // code of the command
	Start         time.Time   `json:"start"`
	Seconds       float64     `json:"seconds"` // that the command took
	Rate          float64     `json:"rate"`    // requests in a second, on each path
	MaxGapSeconds float64     `json:"maxGapSeconds,omitempty"`
	Outside       string      `json:"outside,omitempty"` // why it was asked from where the command ran, and not from pods
	Paths         []PathLoss  `json:"paths"`
	NotAsked      []check.Row `json:"notAsked,omitempty"` // probes for which there was nothing to ask
}

// A PathLoss is what was lost on one path.
type PathLoss struct {
	Check        string    `json:"check"` // addon/probe
	From         string    `json:"from"`  // a node, or here
	To           string    `json:"to"`
	Group        string    `json:"group,omitempty"` // tells paths to one target apart: UDP, port 443
	Sent         int       `json:"sent"`
	Lost         int       `json:"lost"`
	GapSeconds   float64   `json:"gapSeconds"`             // the longest time without an answer
	Since        time.Time `json:"since,omitzero"`         // when that began
	Error        string    `json:"error,omitempty"`        // of the last request that was lost
	BlindSeconds float64   `json:"blindSeconds,omitempty"` // for which nobody knows, since the pod could not be asked
	Unobserved   string    `json:"unobserved,omitempty"`   // why
}

// Exceeds reports whether a path was without an answer for longer than the longest gap that is allowed, or cannot be shown
// not to have been.
func (c *Continuity) Exceeds(p PathLoss) bool {
	return c.MaxGapSeconds > 0 && (p.GapSeconds > c.MaxGapSeconds || p.BlindSeconds > c.MaxGapSeconds || p.Sent == 0)
}

// ExitCode is that of the command where it failed, else 1 where a path exceeds the longest gap that is allowed, or where
// there is such a limit and no path.
func (c *Continuity) ExitCode() int {
	if c.Exit != 0 {
		return c.Exit
	}
	if c.MaxGapSeconds > 0 && len(c.Paths) == 0 {
		return ExitFailed
	}
	for _, p := range c.Paths {
		if c.Exceeds(p) {
			return ExitFailed
		}
	}
	return ExitGood
}

// ContinuityJSON writes a continuity for programs.
func ContinuityJSON(w io.Writer, c *Continuity) error {
	return printable.JSON(w, c, "  ")
}

// ContinuityTable writes a continuity for people: a line for each path.
func ContinuityTable(w io.Writer, c *Continuity) error {
	tab := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
	fmt.Fprintln(tab, "PROBE\tFROM\tTO\tSENT\tLOST\tLONGEST GAP\tNOTE")
	for _, p := range c.Paths {
		printable.Fprintf(tab, "%s\t%s\t%s\t%d\t%d\t%s\t%s\n", p.Check, p.From, strings.TrimSpace(p.To+" "+p.Group), p.Sent, p.Lost, p.gap(), p.note(c))
	}
	for _, row := range c.NotAsked {
		printable.Fprintf(tab, "%s\t\t\t0\t\t\tnot asked: %s\n", row.Name(), row.Detail)
	}
	if err := tab.Flush(); err != nil {
		return err
	}
	_, err := printable.Fprintf(w, "\n%s\n", c.Outcome())
	return err
}

func (p PathLoss) gap() string {
	if p.Lost == 0 {
		return "-"
	}
	return seconds(p.GapSeconds)
}

func seconds(s float64) string {
	return time.Duration(s * float64(time.Second)).Round(time.Millisecond).String()
}

func (p PathLoss) note(c *Continuity) string {
	var notes []string
	switch {
	case p.Sent == 0:
		notes = append(notes, "not observed")
	case c.Exceeds(p):
		notes = append(notes, "over "+seconds(c.MaxGapSeconds))
	}
	if p.Lost > 0 && !p.Since.IsZero() {
		notes = append(notes, fmt.Sprintf("%+.1fs", p.Since.Sub(c.Start).Seconds()))
	}
	if p.BlindSeconds > 0 {
		notes = append(notes, "blind for "+seconds(p.BlindSeconds))
	}
	for _, why := range []string{p.Error, p.Unobserved} {
		if why != "" {
			notes = append(notes, oneLine(why))
		}
	}
	return strings.Join(notes, "; ")
}

// Outcome says the outcome in one line.
func (c *Continuity) Outcome() string {
	sent, lost, unseen, longest := 0, 0, 0, 0.0
	for _, p := range c.Paths {
		sent, lost, longest = sent+p.Sent, lost+p.Lost, max(longest, p.GapSeconds)
		if p.Sent == 0 {
			unseen++
		}
	}
	text := fmt.Sprintf("%s ended with %d after %s: %d of %d requests lost on %d paths, longest gap %s",
		cmp.Or(strings.Join(c.Command, " "), "the command"), c.Exit, seconds(c.Seconds), lost, sent, len(c.Paths), seconds(longest))
	if unseen > 0 {
		text += fmt.Sprintf("; %d paths not observed", unseen)
	}
	if c.Outside != "" {
		text += "; asked from here: " + oneLine(c.Outside)
	}
	return text
}
