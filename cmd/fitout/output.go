package main

import (
	"fmt"
	"io"

	"github.com/fitout-dev/fitout/pkg/report"
)

// reportPrinter returns the printer of a format.
func reportPrinter(format string) (func(io.Writer, *report.Report) error, error) {
	switch format {
	case "table":
		return report.Table, nil
	case "json":
		return report.JSON, nil
	case "junit":
		return report.JUnit, nil
	}
	return nil, usageError{fmt.Errorf("--output is %q; use table, json or junit", format)}
}
