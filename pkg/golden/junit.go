package golden

import (
	"encoding/xml"
	"io"
	"slices"

	"github.com/fitout-dev/fitout/pkg/printable"
)

type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Class   string        `xml:"classname,attr"`
	Name    string        `xml:"name,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// JUnit writes the comparison as a JUnit test suite: a case for each cluster, which fails if something differs, and one for
// the files of the folder.
func (c *Comparison) JUnit(w io.Writer) error {
	suite := junitSuite{Name: "fitout golden"}
	add := func(name string, failure junitFailure) {
		one := junitCase{Class: "fitout.golden", Name: printable.Line(name)}
		if failure.Message != "" {
			failure.Message = printable.Line(failure.Message)
			one.Failure = &failure
			suite.Failures++
		}
		suite.Cases = append(suite.Cases, one)
	}
	problems := c.problems()
	for _, name := range c.names {
		add(name, problems[name])
	}
	for _, name := range c.Removed {
		add(name, junitFailure{Message: "has an index, and no cluster file"})
	}
	files := junitFailure{}
	if len(c.Edited)+len(c.Unused) > 0 {
		files.Message = "not as they were written, or of no cluster: " + few(slices.Concat(c.Edited, c.Unused))
	}
	add("files", files)
	suite.Tests = len(suite.Cases)
	text, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, xml.Header+string(text)+"\n")
	return err
}

// problems says what differs on each cluster of which something does, and the diff of that.
func (c *Comparison) problems() map[string]junitFailure {
	all := map[string]junitFailure{}
	for _, name := range c.Added {
		all[name] = junitFailure{Message: "has no golden file yet"}
	}
	for _, change := range c.Addons {
		says, diff := change.title()+": "+change.Effect(), change.Diff()
		for _, name := range change.Clusters {
			found := all[name]
			if found.Message != "" {
				found.Message += "; "
			}
			found.Message += says
			found.Text += diff
			all[name] = found
		}
	}
	for _, change := range c.Changed {
		if all[change.Name].Message == "" {
			all[change.Name] = junitFailure{Message: "has other settings, which change no object"}
		}
	}
	return all
}
