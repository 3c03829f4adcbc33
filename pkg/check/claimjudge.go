package check

import (
	"fmt"
	"strings"
	"time"
)

// storageClaim judges what came of a claim.
func (s Survey) storageClaim(t trial) finding {
	switch {
	case len(s.Snapshot.indexed().nodes) == 0:
		return finding{verdict: Pending, detail: "waits for nodes"}
	case s.Scene.Absent != "", s.Scene.Claim == nil:
		return finding{verdict: NotJudged, detail: s.podless()}
	}
	verdict, detail := s.Scene.Claim.judge()
	if verdict == Failed {
		return finding{verdict: Failed, remedy: t.Usually, detail: detail}
	}
	return finding{verdict: verdict, detail: detail}
}

// judge says how far a claim came, and what ended it where it did not come to its end. A claim that the cluster would not
// take proves nothing.
func (a ClaimAccount) judge() (Verdict, string) {
	var good []string
	verdict, failure := Good, ""
	for _, r := range a.Steps {
		switch {
		case r.Error == "":
			good = append(good, r.String())
			continue
		case r.Refused:
			verdict = NotJudged
		default:
			verdict = Failed
		}
		failure = fmt.Sprintf("not %s: %s", r.Step.of(r.Node), line(r.Error))
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
