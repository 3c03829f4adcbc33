package probes

import (
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

// A ClaimStep is one thing that is done with a claim.
type ClaimStep string

// The steps, in their order; a claim is mounted and let go twice.
const (
	ClaimCreate  ClaimStep = "created"
	ClaimBind    ClaimStep = "bound" // by itself, where its class makes volumes without a pod
	ClaimMount   ClaimStep = "mounted"
	ClaimWrite   ClaimStep = "written"
	ClaimUnmount ClaimStep = "let go"
	ClaimRead    ClaimStep = "read"
	ClaimDelete  ClaimStep = "deleted"
)

// A ClaimResult is what came of a step.
type ClaimResult struct {
	Step  ClaimStep
	Node  string // where it was done; empty for what is on none
	Took  time.Duration
	Error string // why it was not done
	// Refused says that the cluster did not let it be tried, which proves nothing of its storage.
	Refused bool
}

// A ClaimTest is what was done with a claim, up to the first step that failed.
type ClaimTest struct {
	Class string // as it is told
	Steps []ClaimResult
	Same  string // why it was mounted again on the same node, where it was
	Left  string // what is left behind, and why
}

// StorageClaim is the probe that makes a volume, and is made only on request.
const StorageClaim = "storage-claim"

// judge says how far a claim came, and what ended it where it did not come to its end. A claim that the cluster would not
// take proves nothing.
func (a ClaimTest) judge() (check.Verdict, string) {
	var good []string
	verdict, failure := check.Good, ""
	for _, r := range a.Steps {
		switch {
		case r.Error == "":
			good = append(good, r.String())
			continue
		case r.Refused:
			verdict = check.Unknown
		default:
			verdict = check.Failed
		}
		failure = fmt.Sprintf("not %s: %s", r.Step.of(r.Node), printable.Short(r.Error))
		break
	}
	detail := a.Class + ": "
	if failure != "" {
		detail += failure
		if len(good) > 0 {
			detail += "; before that " + strings.Join(good, ", ")
		}
	} else {
		detail += strings.Join(good, ", ")
	}
	for _, more := range []string{a.Same, a.Left} {
		if more != "" {
			detail += "; " + more
		}
	}
	return verdict, detail
}

// of names a step on a node, if it is on one.
func (s ClaimStep) of(node string) string {
	if node == "" {
		return string(s)
	}
	return fmt.Sprintf("%s on %s", s, node)
}

// String says a step that was done, and how long it took where that says something.
func (r ClaimResult) String() string {
	text := r.Step.of(r.Node)
	if r.Step == ClaimBind || r.Step == ClaimMount || r.Step == ClaimDelete {
		text += " after " + r.Took.Round(time.Second/10).String()
	}
	return text
}
