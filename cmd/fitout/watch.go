package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/fitout-dev/fitout/pkg/fitout"
	"github.com/fitout-dev/fitout/pkg/report"
	"github.com/spf13/pflag"
)

// watchOptions are the flags of a check that goes on.
type watchOptions struct {
	on       bool
	interval time.Duration
}

func (o *watchOptions) register(flags *pflag.FlagSet) {
	flags.BoolVar(&o.on, "watch", false, "check again and again until interrupted: the table once, then a line for each change; with -o json, a report on each line")
	flags.DurationVar(&o.interval, "interval", 10*time.Second, "with --watch, the time from one check to the next")
}

func (o *watchOptions) validate(output string) error {
	switch {
	case o.on && output != "table" && output != "json":
		return usageError{fmt.Errorf("--watch with -o %s would print one document after the other; use -o table or -o json", output)}
	case o.on && o.interval <= 0:
		return usageError{fmt.Errorf("--interval is %v; give a time, such as 10s", o.interval)}
	}
	return nil
}

// errWatched marks the end of a watch, of which an interruption is the ordinary way.
var errWatched = errors.New("watched")

// run checks until ctx is done. The exit code is that of the last verdict.
func (o *watchOptions) run(ctx context.Context, c *checkOptions, once func(context.Context) (*report.Report, error)) error {
	follower := report.Follower{W: c.streams.Out}
	tell := follower.Tell
	if c.output == "json" {
		tell = func(r *report.Report) error { return report.Line(c.streams.Out, r) }
	}
	last, err := fitout.Watch(ctx, o.interval, func(ctx context.Context) *report.Report {
		r, _ := once(ctx) // the report has the error
		return r
	}, tell)
	if err != nil {
		return err
	}
	return errors.Join(errWatched, resultError{last.ExitCode()})
}
