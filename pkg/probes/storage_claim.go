package probes

import (
	"fmt"
	"strings"
	"time"

	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/fitout-dev/fitout/pkg/printable"
)

var _ = register(Probe{
	Name: StorageClaim, Where: InClaimPods, Fields: []string{"timeout"},
	Proves:      "a volume is made, mounted and written, moved to another node with what is on it, and deleted; with `--probe-storage`",
	MostTimeout: 10 * time.Minute, // a cloud moves a disk from one machine to another in minutes
	Wanted:      func(e Environment) bool { return e.StorageClass != "" },
	Judge:       Survey.storageClaim,
})

// StorageClaim is the probe that makes a volume, and is made only on request.
const StorageClaim = "storage-claim"

// storageClaim judges what came of a claim.
func (s Survey) storageClaim(t probePlan) apiResult {
	switch {
	case len(s.SortedNodes()) == 0:
		return apiResult{verdict: check.Pending, detail: "waits for nodes"}
	case s.Environment.NoPods != "", s.Environment.Claim == nil:
		return apiResult{verdict: check.NotJudged, detail: s.noPodReason()}
	}
	verdict, detail := s.Environment.Claim.judge()
	if verdict == check.Failed {
		return apiResult{verdict: check.Failed, remedy: t.Usually, detail: detail}
	}
	return apiResult{verdict: verdict, detail: detail}
}

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
			verdict = check.NotJudged
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
