package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/fitout-dev/fitout/pkg/printable"
)

// stdout is standard output for all commands. It remembers the first failure, so that none of them can take a full disk or
// a closed pipe for success, and it makes visible what a printer has overlooked.
type stdout struct {
	file *os.File
	net  printable.Writer
	used bool
	err  error
}

func newStdout(file *os.File) *stdout { return &stdout{file: file, net: printable.Writer{W: file}} }

func (o *stdout) Write(p []byte) (int, error) {
	o.used = true
	if o.err != nil {
		return 0, o.err // the same one, so that it is told once
	}
	n, err := o.net.Write(p)
	o.keep(err)
	return n, err
}

func (o *stdout) keep(err error) {
	if o.err == nil {
		o.err = err
	}
}

// end writes what is left and closes the file, where some file systems report what could not be stored. It returns the error
// of the run, which a failure of standard output goes before: whatever the verdict was, nobody has read it.
func (o *stdout) end(run error) error {
	if o.used {
		o.keep(o.net.Flush())
		o.keep(o.file.Close())
	}
	if o.err == nil {
		return run
	}
	failed := fmt.Errorf("standard output: %w; the output is incomplete: make room, or write it elsewhere", o.err)
	var result resultError
	var trouble troubleError
	switch {
	case errors.As(run, &trouble):
		return troubleError{failed}
	case run == nil || errors.As(run, &result) || errors.Is(run, o.err):
		return failed
	}
	return errors.Join(failed, run)
}
