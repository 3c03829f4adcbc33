package fitout

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/changeset"
	"github.com/fitout-dev/fitout/pkg/manifest"
	"github.com/fitout-dev/fitout/pkg/report"
)

// preflight lets the API server judge every change before the first one is made: admission, quotas and webhooks see the
// objects in a dry run. Objects whose namespace or definition the run is still to create cannot be judged yet.
func (s *session) preflight(ctx context.Context) error {
	if s.options.SkipPreflight {
		return nil
	}
	missing := s.missing()
	var planned []changeset.Change
	for _, c := range s.changes.Changes {
		if c.Action != changeset.Unchanged && !missing.has(c.Wanted) && !s.unknown[manifest.GroupKindOf(c.Wanted)] {
			planned = append(planned, c)
		}
	}
	if len(planned) == 0 {
		return nil
	}
	bounded, cancel := context.WithTimeout(ctx, timeForPreflight)
	defer cancel()
	outcomes, err := s.cluster.Apply(bounded, s.plan.Kinds, planned, true)
	if err == nil || ctx.Err() != nil || len(outcomes) < len(planned) {
		return err
	}
	var refused []error
	var late []report.Change
	for _, o := range outcomes {
		switch {
		case o.Cause == nil:
		case strings.Contains(o.Error, withoutDryRun):
			s.progress.Note(fmt.Sprintf("not checked beforehand: %s: %s", o.ID, o.Error))
		case errors.Is(o.Cause, context.DeadlineExceeded):
			late = append(late, o)
		default:
			refused = append(refused, o.Cause)
		}
	}
	s.tellLate(late)
	switch {
	case len(refused) == 0:
		return nil
	case len(late) > 0:
		err = errors.Join(refused...)
	}
	return fmt.Errorf("the API server would refuse the bundle, nothing was touched: %w", err)
}

// tellLate says which objects could not be judged in time, and why the first could not.
func (s *session) tellLate(late []report.Change) {
	if len(late) == 0 {
		return
	}
	more := ""
	if n := len(late) - 1; n > 0 {
		more = fmt.Sprintf(", nor are %d more", n)
	}
	s.progress.Note(fmt.Sprintf("not checked beforehand, since the API server has not answered within %s: %s (%s)%s; applying waits longer for it",
		timeForPreflight, late[0].ID, late[0].Error, more))
}

// timeForPreflight bounds the dry run of all changes: a webhook that does not answer costs this once, and not its patience for
// each object. What is not checked in time is applied all the same, and waited for as long as docs/reliability.md says.
const timeForPreflight = 10 * time.Second

// withoutDryRun is how an API server says that a webhook cannot be asked in a dry run (Kubernetes 1.13 and later,
// apiserver/pkg/admission/plugin/webhook/errors).
const withoutDryRun = "does not support dry run"
