package diagnose_test

import (
	"testing"

	"github.com/fitout-dev/fitout/internal/judgetest"
	"github.com/fitout-dev/fitout/pkg/check"
	"github.com/google/go-cmp/cmp"
)

// What is said of why a probe is unmet, to the letter: what it comes from where the cluster tells, and no more than what was
// seen where it does not. Every row that is unmet has something to say.
func TestDigestsOfProbes(t *testing.T) {
	said := 0
	for name, c := range judgetest.ProbeCases(t) {
		t.Run(name, func(t *testing.T) {
			for _, row := range c.Rows(t) {
				switch unmet := row.Verdict == check.Failed || row.Verdict == check.Degraded; {
				case !unmet && row.Digest != nil:
					t.Errorf("%s is %s and has a digest: %v", row.Name(), row.Verdict, row.Digest.Lines())
				case unmet && row.Digest == nil && row.About.Kind+row.Lacks.Kind != "" || unmet && row.Trail != nil && row.Digest.Cause+row.Digest.Pod == "":
					t.Errorf("%s is %s and nothing is said of why", row.Name(), row.Verdict)
				}
				want, ok := c.Digests[row.Name()]
				if !ok {
					continue
				}
				said++
				var got []string
				if row.Digest != nil {
					got = row.Digest.Lines()
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s: %s", row.Name(), diff)
				}
			}
		})
	}
	if said < 20 {
		t.Errorf("only %d digests were compared", said)
	}
}
