package main

import (
	"io"
	"os"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// stderr is standard error for all commands, which write whole lines to it. It makes visible what a printer has overlooked.
type stderr struct{ file *os.File }

func (e *stderr) Write(p []byte) (int, error) {
	if _, err := io.WriteString(e.file, printable.Text(string(p))); err != nil {
		return 0, err
	}
	return len(p), nil
}

// fileOf is the file behind standard error, for those who draw on a terminal; nil of another writer.
func fileOf(w io.Writer) *os.File {
	if e, ok := w.(*stderr); ok {
		return e.file
	}
	return nil
}
