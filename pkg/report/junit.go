package report

import (
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/junit"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// JUnit writes the checks as one JUnit test suite: failed and degraded checks are failures, pending, unknown and
// skipped ones are skipped, and what ended the run before its end is an error.
func JUnit(w io.Writer, r *Report) error {
	suite := junit.Suite{Name: printable.Line("fitout " + r.Cluster)}
	for _, row := range r.Checks {
		c := newCase(row.Subject(), row.Check)
		c.Out = oneLine(row.Detail)
		message := &junit.Message{Message: oneLine(string(row.Verdict) + ": " + detail(row)), Text: digest(row)}
		switch row.Verdict {
		case check.Failed, check.Degraded:
			c.Failure = message
		case check.Pending, check.Unknown, check.Skipped:
			c.Skipped = message
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, name := range r.Skipped {
		subject, check, _ := strings.Cut(name, "/")
		c := newCase(subject, check)
		c.Skipped = &junit.Message{Message: "left out on request"}
		suite.Cases = append(suite.Cases, c)
	}
	if r.Error != "" {
		c := newCase("cluster", "run")
		c.Error = &junit.Message{Message: oneLine(r.Error)}
		suite.Cases = append(suite.Cases, c)
	}
	return suite.Write(w)
}

func newCase(subject, check string) junit.Case {
	return junit.Case{Class: oneLine("fitout." + subject), Name: oneLine(check)}
}
