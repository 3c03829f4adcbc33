package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/fitout-dev/fitout/pkg/report"
)

// formats are the formats of a report, reportPrinters what writes them.
var (
	formats        = []string{"table", "json", "junit", "html"}
	reportPrinters = map[string]func(io.Writer, *report.Report) error{"table": report.Table, "json": report.JSON, "junit": report.JUnit, "html": report.HTML}
)

// reportPrinter returns the printer of a format.
func reportPrinter(format string) (func(io.Writer, *report.Report) error, error) {
	if print := reportPrinters[format]; print != nil {
		return print, nil
	}
	return nil, usageError{fmt.Errorf("--output is %q; use one of %s", format, strings.Join(formats, ", "))}
}
