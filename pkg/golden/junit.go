package golden

import (
	"io"
	"slices"

	"github.com/fitout-dev/fitout/pkg/junit"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// JUnit writes the comparison as a JUnit test suite: a case for each cluster, which fails if something differs, and one for
// the files of the folder.
func (c *Comparison) JUnit(w io.Writer) error {
	suite := junit.Suite{Name: "fitout golden"}
	add := func(name string, failure junit.Message) {
		one := junit.Case{Class: "fitout.golden", Name: printable.Line(name)}
		if failure.Message != "" {
			failure.Message = printable.Line(failure.Message)
			one.Failure = &failure
		}
		suite.Cases = append(suite.Cases, one)
	}
	problems := c.problems()
	for _, name := range c.names {
		add(name, problems[name])
	}
	for _, name := range c.Removed {
		add(name, junit.Message{Message: "has an index, and no cluster file"})
	}
	files := junit.Message{}
	if len(c.Edited)+len(c.Unused) > 0 {
		files.Message = "not as they were written, or of no cluster: " + few(slices.Concat(c.Edited, c.Unused))
	}
	add("files", files)
	return suite.Write(w)
}

// problems says what differs on each cluster of which something does, and the diff of that.
func (c *Comparison) problems() map[string]junit.Message {
	all := map[string]junit.Message{}
	for _, name := range c.Added {
		all[name] = junit.Message{Message: "has no golden file yet"}
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
			all[change.Name] = junit.Message{Message: "has other settings, which change no object"}
		}
	}
	return all
}
