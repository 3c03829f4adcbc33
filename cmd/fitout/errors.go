package main

import (
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/printable"
	"github.com/fitout-dev/fitout/pkg/strictyaml"
)

// indent begins each further line of an error, so that none can be taken for a line of its own. Faults of the input go
// without: each begins with its file.
const indent = "  "

// printErrors prints the error that ends a run.
func printErrors(w io.Writer, err error) {
	begin := "fitout: "
	for _, line := range errorLines(err) {
		printable.Fprintf(w, "%s%s\n", begin, line)
		begin = ""
	}
}

// errorLines returns an error in lines. An error has several where it lists faults, has a method Lines, or joins others;
// each line and each wrapped text is one line, whatever somebody else wrote into it.
func errorLines(err error) []string {
	switch e := err.(type) {
	case strictyaml.Faults:
		lines := make([]string, len(e))
		for i, fault := range e {
			lines[i] = printable.Line(fault.Error())
		}
		return lines
	case interface{ Lines() []string }:
		var lines []string
		for i, line := range e.Lines() {
			lines = append(lines, further(i)+printable.Line(line))
		}
		return lines
	case interface{ Unwrap() error }:
		return wrapped(err, []error{e.Unwrap()})
	case interface{ Unwrap() []error }:
		return wrapped(err, e.Unwrap())
	}
	text := err.Error()
	if isCobraUsage(err) { // its suggestions stand on lines of their own
		text = strings.Replace(strings.Join(strings.Fields(text), " "), " Did you mean this? ", "; did you mean ", 1)
	}
	return []string{printable.Line(text)}
}

func further(i int) string {
	if i == 0 {
		return ""
	}
	return indent
}

// wrapped puts the lines of inner errors in the place of their text in the outer one.
func wrapped(err error, inner []error) []string {
	text, lines := err.Error(), []string{""}
	for _, e := range inner {
		if e == nil {
			continue
		}
		before, rest, found := strings.Cut(text, e.Error())
		if !found {
			return []string{printable.Line(err.Error())}
		}
		if before == "\n" { // as errors.Join has it
			lines, before = append(lines, indent), ""
		}
		own := errorLines(e)
		lines[len(lines)-1] += printable.Line(before) + own[0]
		lines, text = append(lines, own[1:]...), rest
	}
	lines[len(lines)-1] += printable.Line(text)
	return lines
}
