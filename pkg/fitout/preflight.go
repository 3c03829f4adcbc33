package fitout

import (
	"context"
	"fmt"
	"strings"

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
	outcomes, err := s.cluster.Apply(ctx, s.plan.Kinds, planned, true)
	if err == nil || len(outcomes) == len(planned) && s.unjudged(outcomes) {
		return nil
	}
	return fmt.Errorf("the API server would refuse the bundle, nothing was touched: %w", err)
}

// unjudged reports whether no outcome failed but for a webhook that takes no part in dry runs, and tells of those.
func (s *session) unjudged(outcomes []report.Change) bool {
	only := true
	for _, o := range outcomes {
		if strings.Contains(o.Error, withoutDryRun) {
			s.progress.Note(fmt.Sprintf("not judged beforehand: %s: %s", o.ID, o.Error))
		} else if o.Error != "" {
			only = false
		}
	}
	return only
}

// withoutDryRun is how an API server says that a webhook cannot be asked in a dry run (Kubernetes 1.13 and later,
// apiserver/pkg/admission/plugin/webhook/errors).
const withoutDryRun = "does not support dry run"
