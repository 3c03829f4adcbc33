package report

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

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

// JUnit writes the checks as one JUnit test suite: failed and degraded checks are failures, pending, unknown and
// skipped ones are skipped, and what ended the run before its end is an error.
func JUnit(w io.Writer, r *Report) error {
	suite := junitSuite{Name: printable.Line("fitout " + r.Cluster)}
	for _, row := range r.Checks {
		c := newCase(row.Subject(), row.Check)
		c.Out = oneLine(row.Detail)
		message := &junitMessage{Message: oneLine(string(row.Verdict) + ": " + detail(row)), Text: digest(row)}
		switch row.Verdict {
		case check.Failed, check.Degraded:
			c.Failure = message
			suite.Failures++
		case check.Pending, check.Unknown, check.Skipped:
			c.Skipped = message
			suite.Skipped++
		}
		suite.Cases = append(suite.Cases, c)
	}
	for _, name := range r.Skipped {
		subject, check, _ := strings.Cut(name, "/")
		c := newCase(subject, check)
		c.Skipped = &junitMessage{Message: "left out on request"}
		suite.Cases = append(suite.Cases, c)
		suite.Skipped++
	}
	if r.Error != "" {
		c := newCase("cluster", "run")
		c.Error = &junitMessage{Message: oneLine(r.Error)}
		suite.Cases = append(suite.Cases, c)
		suite.Errors++
	}
	suite.Tests = len(suite.Cases)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

func newCase(subject, check string) junitCase {
	return junitCase{Class: oneLine("fitout." + subject), Name: oneLine(check)}
}
